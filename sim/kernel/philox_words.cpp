#include "sim/kernel/philox_words.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace weir {

namespace {

void one_by_one(std::uint64_t first, int count, std::uint32_t stream, PhiloxKey key, int word,
                std::uint32_t* out) {
  for (int i = 0; i < count; ++i) {
    const std::uint64_t n = first + static_cast<std::uint64_t>(i);
    out[i] = philox4x32_10({static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(n >> 32), stream, 0},
                           key)[static_cast<std::size_t>(word)];
  }
}

#if defined(__x86_64__)

// Eight counters, a word of each in the low half of a lane of 64 bits: what is in the high half is ignored by
// the multiplication, and nothing else brings it down.
__attribute__((target("avx2"))) void by_eights(std::uint64_t first, int count, std::uint32_t stream,
                                               PhiloxKey key, int word, std::uint32_t* out) {
  const __m256i multiplier_0 = _mm256_set1_epi64x(0xD2511F53ll);
  const __m256i multiplier_2 = _mm256_set1_epi64x(0xCD9E8D57ll);
  int i = 0;
  for (; i + 8 <= count; i += 8) {
    const auto n = static_cast<long long>(first + static_cast<std::uint64_t>(i));
    __m256i c[2][4];
    for (int half = 0; half < 2; ++half) {
      const long long at = n + 4 * half;
      c[half][0] = _mm256_set_epi64x(at + 3, at + 2, at + 1, at);
      c[half][1] = _mm256_srli_epi64(c[half][0], 32);
      c[half][2] = _mm256_set1_epi64x(static_cast<long long>(stream));
      c[half][3] = _mm256_setzero_si256();
    }
    PhiloxKey round_key = key;
    for (int round = 0; round < 10; ++round) {
      const __m256i key_0 = _mm256_set1_epi64x(static_cast<long long>(round_key[0]));
      const __m256i key_1 = _mm256_set1_epi64x(static_cast<long long>(round_key[1]));
      for (auto& block : c) {
        const __m256i product_0 = _mm256_mul_epu32(block[0], multiplier_0);
        const __m256i product_2 = _mm256_mul_epu32(block[2], multiplier_2);
        block[0] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(product_2, 32), block[1]), key_0);
        block[1] = product_2;
        block[2] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(product_0, 32), block[3]), key_1);
        block[3] = product_0;
      }
      round_key[0] += 0x9E3779B9u;
      round_key[1] += 0xBB67AE85u;
    }
    // The low halves of eight lanes, in order.
    const __m256i low_halves = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
    for (int half = 0; half < 2; ++half) {
      const __m256i words = _mm256_permutevar8x32_epi32(c[half][word], low_halves);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i + 4 * half), _mm256_castsi256_si128(words));
    }
  }
  one_by_one(first + static_cast<std::uint64_t>(i), count - i, stream, key, word, out + i);
}

#endif

using Fill = void (*)(std::uint64_t, int, std::uint32_t, PhiloxKey, int, std::uint32_t*);

Fill fastest_here() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return by_eights;
#endif
  return one_by_one;
}

}  // namespace

void philox_words(std::uint64_t first, int count, std::uint32_t stream, PhiloxKey key, int word,
                  std::uint32_t* out) {
  static const Fill fill = fastest_here();
  fill(first, count, stream, key, word, out);
}

}  // namespace weir
