#include "sim/record/table.hpp"

#include <bit>

#include "sim/record/background_codec.hpp"
#include "sim/record/hdf5.hpp"

namespace weir {

namespace {

using hdf5::check;
using hdf5::own;

// h5py's own convention for yes and no, so that it reads them as bool.
hdf5::Id boolean_type(const std::string& path) {
  auto type = own(H5Tenum_create(H5T_STD_I8LE), H5Tclose, path, "create a type");
  for (const std::int8_t value : {std::int8_t{0}, std::int8_t{1}})
    check(H5Tenum_insert(type.get(), value == 0 ? "FALSE" : "TRUE", &value), path, "create a type");
  return type;
}

// Rows are written as this machine holds them; weir runs on little-endian machines only (checked below).
hdf5::Id hdf5_type(const ColumnInfo& column, const std::string& path) {
  const auto copy = [&path](hid_t type) { return own(H5Tcopy(type), H5Tclose, path, "create a type"); };
  switch (column.type) {
    case ColumnType::real:
      return copy(H5T_IEEE_F64LE);
    case ColumnType::integer:
      return copy(H5T_STD_I64LE);
    case ColumnType::small_integer:
      return copy(H5T_STD_I32LE);
    case ColumnType::tiny_integer:
      return copy(H5T_STD_I8LE);
    case ColumnType::boolean:
      return boolean_type(path);
    case ColumnType::text:
      break;
  }
  auto type = copy(H5T_C_S1);
  check(H5Tset_size(type.get(), column.size_bytes), path, "create a type");
  check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), path, "create a type");
  check(H5Tset_cset(type.get(), H5T_CSET_UTF8), path, "create a type");
  return type;
}

static_assert(std::endian::native == std::endian::little,
              "run.h5 is written in the order of this machine's bytes");

void text_attribute(hid_t object, const char* name, const std::string& text, const std::string& path) {
  auto type = own(H5Tcopy(H5T_C_S1), H5Tclose, path, "create a type");
  check(H5Tset_size(type.get(), text.empty() ? 1 : text.size()), path, "create a type");
  check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), path, "create a type");
  check(H5Tset_cset(type.get(), H5T_CSET_UTF8), path, "create a type");
  auto scalar = own(H5Screate(H5S_SCALAR), H5Sclose, path, "create an attribute");
  auto attribute = own(H5Acreate2(object, name, type.get(), scalar.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                       path, "create an attribute");
  check(H5Awrite(attribute.get(), type.get(), text.c_str()), path, "write an attribute");
}

struct Dataset {
  hdf5::Id id;
  hdf5::Id type;
  std::uint64_t rows = 0;
};

Dataset create_dataset(hid_t group, const ColumnInfo& column, const TableInfo& table,
                       const std::string& path) {
  const hsize_t none = 0, unlimited = H5S_UNLIMITED, chunk = table.chunk_rows;
  auto space = own(H5Screate_simple(1, &none, &unlimited), H5Sclose, path, "create a dataset");
  auto layout = own(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, path, "create a dataset");
  check(H5Pset_chunk(layout.get(), 1, &chunk), path, "create a dataset");
  check(H5Pset_shuffle(layout.get()), path, "create a dataset");
  check(H5Pset_deflate(layout.get(), static_cast<unsigned>(table.deflate_level)), path, "create a dataset");
  Dataset dataset;
  dataset.type = hdf5_type(column, path);
  dataset.id = own(H5Dcreate2(group, column.name.c_str(), dataset.type.get(), space.get(), H5P_DEFAULT,
                              layout.get(), H5P_DEFAULT),
                   H5Dclose, path, "create a dataset");
  text_attribute(dataset.id.get(), "unit", column.unit, path);
  text_attribute(dataset.id.get(), "help", column.help, path);
  return dataset;
}

}  // namespace

struct ColumnDatasets::Datasets {
  std::string path;
  std::string table;
  std::vector<Dataset> columns;
  std::vector<std::size_t> value_bytes;  // by column
  std::size_t chunk_rows = 0;
  std::unique_ptr<BackgroundCodec> codec;  // null: HDF5 filters

  void extend(Dataset& dataset, std::uint64_t rows) {
    const hsize_t length = rows;
    if (length <= dataset.rows) return;
    check(H5Dset_extent(dataset.id.get(), &length), path, "extend a table");
    dataset.rows = length;
  }
  // Writes what is encoded, and leaves at most so many chunks under way.
  void write_encoded(std::size_t under_way_max) {
    while (codec) {
      const auto chunk = codec->take(codec->under_way() > under_way_max);
      if (!chunk) return;
      Dataset& dataset = columns[chunk->column];
      WEIR_ASSERT(chunk->first_row <= dataset.rows, "rows are written without a gap");
      extend(dataset, chunk->first_row + chunk->rows);
      const hsize_t begin = chunk->first_row;
      check(
          H5Dwrite_chunk(dataset.id.get(), H5P_DEFAULT, 0, &begin, chunk->bytes.size(), chunk->bytes.data()),
          path, "write a table");
    }
  }
};

ColumnDatasets::ColumnDatasets(std::int64_t file, const TableInfo& info, std::string path)
    : datasets_(std::make_unique<Datasets>()) {
  static_assert(sizeof(hid_t) == sizeof(file));
  datasets_->path = std::move(path);
  datasets_->table = info.name;
  const std::string& where = datasets_->path;
  auto group = own(H5Gcreate2(file, info.name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose,
                   where, "create a table");
  text_attribute(group.get(), "help", info.help, where);
  datasets_->chunk_rows = info.chunk_rows;
  if (info.long_table) datasets_->codec = std::make_unique<BackgroundCodec>(info.deflate_level);
  for (const ColumnInfo& column : info.columns) {
    datasets_->columns.push_back(create_dataset(group.get(), column, info, where));
    datasets_->value_bytes.push_back(column.size_bytes);
  }
}

ColumnDatasets::~ColumnDatasets() = default;

void ColumnDatasets::write(std::size_t column, std::uint64_t first_row, std::uint64_t rows,
                           const std::byte* values) {
  // Enough for the columns of a few chunks of rows: a disk that is slow holds the run up, and not its memory.
  constexpr std::size_t under_way_max = 16;
  Dataset& dataset = datasets_->columns[column];
  const std::string& path = datasets_->path;
  if (datasets_->codec && rows == datasets_->chunk_rows) {
    const std::size_t value_bytes = datasets_->value_bytes[column];
    datasets_->codec->put({column, first_row, rows, value_bytes, {values, values + rows * value_bytes}});
    return datasets_->write_encoded(under_way_max);
  }
  datasets_->write_encoded(0);
  WEIR_ASSERT(first_row <= dataset.rows, "rows are written without a gap");
  datasets_->extend(dataset, first_row + rows);
  const hsize_t begin = first_row, count = rows;
  auto memory = own(H5Screate_simple(1, &count, nullptr), H5Sclose, path, "write a table");
  auto target = own(H5Dget_space(dataset.id.get()), H5Sclose, path, "write a table");
  check(H5Sselect_hyperslab(target.get(), H5S_SELECT_SET, &begin, nullptr, &count, nullptr), path,
        "write a table");
  check(H5Dwrite(dataset.id.get(), dataset.type.get(), memory.get(), target.get(), H5P_DEFAULT, values), path,
        "write a table");
}

void ColumnDatasets::flush() {
  datasets_->write_encoded(0);
  for (Dataset& dataset : datasets_->columns)
    check(H5Dflush(dataset.id.get()), datasets_->path, "flush a table");
}

void ColumnDatasets::close() {
  datasets_->write_encoded(0);
  for (Dataset& dataset : datasets_->columns) check(dataset.id.close(), datasets_->path, "close a table");
}

}  // namespace weir
