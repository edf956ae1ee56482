# Writes version.hpp: cmake -DOUT=… -DSOURCE=… -DVERSION=… -DCOMPILER=… -DBUILD_TYPE=… -DSIMGRID=… -P version.cmake
execute_process(COMMAND git -C ${SOURCE} rev-parse HEAD OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE
                ERROR_QUIET RESULT_VARIABLE NOT_A_CHECKOUT)
if(NOT_A_CHECKOUT)
  set(COMMIT "unknown")
endif()
execute_process(COMMAND git -C ${SOURCE} status --porcelain --untracked-files=no OUTPUT_VARIABLE CHANGES ERROR_QUIET)
if(CHANGES STREQUAL "")
  set(DIRTY "false")
else()
  set(DIRTY "true")
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT [[#pragma once
namespace weir {
inline constexpr char version[] = "@VERSION@";
inline constexpr char version_commit[] = "@COMMIT@";
inline constexpr bool version_dirty = @DIRTY@;
inline constexpr char version_compiler[] = "@COMPILER@";
inline constexpr char version_build_type[] = "@BUILD_TYPE@";
inline constexpr char version_simgrid[] = "@SIMGRID@";
inline constexpr char source_directory[] = "@SOURCE@";
}  // namespace weir
]] @ONLY)
