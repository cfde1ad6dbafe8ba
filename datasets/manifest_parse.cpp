// SPDX-License-Identifier: GPL-3.0-or-later
// Manifest files to manifests.
#include <algorithm>
#include <cmath>
#include <set>

#include <toml++/toml.h>

#include "core/error.h"
#include "core/experiment_text.h"
#include "core/experiment_toml.h"
#include "datasets/manifest.h"
#include "datasets/manifest_text.h"

namespace wavlab {

namespace {

constexpr std::size_t longest_name = 200;  // of a file; file systems allow 255 bytes

bool is_sha256(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_file_name(std::string_view name) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; };
    // Those that the data folder uses itself.
    const bool reserved =
        name == "installed.json" || name == "manifest.toml" || name.ends_with(".part") || name.ends_with(".part.json");
    return !name.empty() && !reserved && name.size() <= longest_name && name.front() != '.' &&
           name.find('/') == std::string_view::npos && std::none_of(name.begin(), name.end(), is_control);
}

bool is_web_address(std::string_view address) {
    const bool web = address.starts_with("http://") || address.starts_with("https://");
    return web && address.size() > 8 && address.find_first_of(" \t\r\n") == std::string_view::npos;
}

/// One table of a manifest: every key that is asked for is marked as known, and at the end no other may be there.
class TableReader {
public:
    TableReader(const std::string& file_name, const toml::table& table, std::string prefix)
        : file_name_(file_name), table_(table), prefix_(std::move(prefix)) {}

    [[noreturn]] void fail(const std::string& key, const std::string& what) const {
        const toml::node* node = table_.get(key);
        const std::string line = std::to_string((node ? node->source() : table_.source()).begin.line);
        const std::string value = node ? " = " + shown(*node) : "";
        throw InputError(file_name_ + ", line " + line + ": " + prefix_ + key + value + ": " + what);
    }

    const toml::node* get(const std::string& key) {
        known_.push_back(key);
        return table_.get(key);
    }

    std::string text(const std::string& key) {
        const toml::node* node = get(key);
        if (!node) return {};
        const auto* string = node->as_string();
        if (!string) fail(key, "must be a text in quotes");
        return string->get();
    }

    std::string needed_text(const std::string& key, const std::string& what) {
        std::string value = text(key);
        if (value.empty()) fail(key, "is missing or empty; it must be " + what);
        return value;
    }

    bool flag(const std::string& key) {
        const toml::node* node = get(key);
        if (!node) return false;
        const auto* boolean = node->as_boolean();
        if (!boolean) fail(key, "must be true or false");
        return boolean->get();
    }

    std::optional<std::int64_t> whole(const std::string& key, std::int64_t least) {
        const toml::node* node = get(key);
        if (!node) return std::nullopt;
        const auto* number = node->as_integer();
        if (!number || number->get() < least) fail(key, "must be a whole number, at least " + std::to_string(least));
        return number->get();
    }

    std::vector<std::string> texts(const std::string& key, const std::string& what) {
        const toml::node* node = get(key);
        if (!node) return {};
        if (const auto* one = node->as_string()) return {one->get()};
        const toml::array* list = node->as_array();
        std::vector<std::string> values;
        if (list)
            for (const toml::node& element : *list)
                if (const auto* string = element.as_string()) values.push_back(string->get());
        if (!list || values.size() != list->size() || values.empty()) fail(key, "must be " + what);
        return values;
    }

    void check_keys() const {
        for (const auto& [key, node] : table_) {
            const std::string name(key.str());
            if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
            fail(name, "unknown key" + suggestion(name, known_) + "; allowed are " + list_text(known_));
        }
    }

private:
    const std::string& file_name_;
    const toml::table& table_;
    const std::string prefix_;
    std::vector<std::string> known_;
};

std::string sha256_of(TableReader& reader, const std::string& key) {
    std::string digest = reader.text(key);
    std::transform(digest.begin(), digest.end(), digest.begin(),
                   [](char c) { return c >= 'A' && c <= 'F' ? c + 32 : c; });
    if (!digest.empty() && !is_sha256(digest)) reader.fail(key, "must be a SHA-256: 64 hexadecimal digits");
    return digest;
}

void check_packing(TableReader& reader, const ManifestFile& file) {
    const bool archive = file.packing != Packing::none && file.packing != Packing::compressed;
    if (!archive && !file.members.empty()) reader.fail("members", "only an archive (unpack = zip, tar) has members");
    if (file.unpacked_size && file.unpacked_at_most)
        reader.fail("unpacked_at_most", "has no meaning beside unpacked_size");
    if (file.packing == Packing::none && (file.unpacked_size || !file.unpacked_sha256.empty() || file.unpacked_at_most))
        reader.fail("unpack", "unpacked sizes and checksums need one of " + packing_names());
}

ManifestFile read_file_table(TableReader& reader) {
    ManifestFile file;
    file.addresses = reader.texts("address", "an HTTP(S) address or a list of them");
    for (const std::string& address : file.addresses)
        if (!is_web_address(address)) reader.fail("address", "must begin with http:// or https:// and hold no spaces");
    file.name = reader.needed_text("name", "the file's name");
    if (!is_file_name(file.name))
        reader.fail("name",
                    "must be a file name without '/' that does not begin with a dot or end with .part, at most " +
                        std::to_string(longest_name) + " bytes, and not installed.json or manifest.toml");
    file.size = reader.whole("size", 1);
    file.sha256 = sha256_of(reader, "sha256");
    if (file.sha256.empty()) reader.fail("sha256", "is missing; it must be a SHA-256: 64 hexadecimal digits");
    const std::string packing = reader.text("unpack");
    const std::optional<Packing> known = parse_packing(packing.empty() ? "none" : packing);
    if (!known) reader.fail("unpack", "must be one of " + packing_names());
    file.packing = *known;
    file.members = reader.texts("members", "a pattern or a list of them, such as [\"*.txt\"]");
    file.json_field = reader.text("json_field");
    file.unpacked_size = reader.whole("unpacked_size", 1);
    file.unpacked_sha256 = sha256_of(reader, "unpacked_sha256");
    file.unpacked_at_most = reader.whole("unpacked_at_most", 1);
    if (const auto most = reader.whole("members_at_most", 1)) file.members_at_most = *most;
    check_packing(reader, file);
    reader.check_keys();
    return file;
}

std::vector<double> read_fractions(TableReader& reader) {
    const std::string allowed = "must be two or three fractions above 0 that sum to 1, such as [0.9, 0.1]";
    const toml::node* node = reader.get("fractions");
    if (!node) return {};
    std::vector<double> fractions;
    double sum = 0;
    if (const toml::array* list = node->as_array())
        for (const toml::node& element : *list) {
            const std::optional<double> value = element.value<double>();
            if (!value || !(*value > 0)) reader.fail("fractions", allowed);
            fractions.push_back(*value);
            sum += *value;
        }
    if (fractions.size() < 2 || fractions.size() > 3 || std::abs(sum - 1) > 1e-6) reader.fail("fractions", allowed);
    return fractions;
}

std::vector<std::int64_t> read_lengths(TableReader& reader) {
    const std::string allowed = "must be two or three lengths in bytes, such as [90_000_000, 5_000_000, 5_000_000]";
    const toml::node* node = reader.get("bytes");
    if (!node) return {};
    std::vector<std::int64_t> lengths;
    if (const toml::array* list = node->as_array())
        for (const toml::node& element : *list) {
            const auto* value = element.as_integer();
            if (!value || value->get() < 1) reader.fail("bytes", allowed);
            lengths.push_back(value->get());
        }
    if (lengths.size() < 2 || lengths.size() > 3) reader.fail("bytes", allowed);
    return lengths;
}

ManifestSplits read_splits(TableReader& reader, const DatasetManifest& manifest) {
    ManifestSplits splits;
    for (std::size_t i = 0; i < part_names.size(); ++i) splits.names[i] = reader.text(part_names[i]);
    splits.bytes = read_lengths(reader);
    splits.fractions = read_fractions(reader);
    splits.validation_every = reader.whole("validation_every", 2).value_or(0);
    reader.check_keys();
    const bool named = !splits.names[0].empty() || !splits.names[1].empty() || !splits.names[2].empty();
    if (named && (splits.names[0].empty() || splits.names[1].empty()))
        reader.fail(splits.names[0].empty() ? "train" : "validation",
                    "is missing; parts by name need train and validation, and may have test");
    const int ways = (named ? 1 : 0) + (splits.bytes.empty() ? 0 : 1) + (splits.fractions.empty() ? 0 : 1) +
                     (splits.validation_every > 0 ? 1 : 0);
    if (ways != 1)
        reader.fail("train",
                    "[splits] must give exactly one of: train and validation (names), bytes, fractions, "
                    "validation_every");
    const bool documents = std::all_of(manifest.files.begin(), manifest.files.end(), [](const ManifestFile& file) {
        return !file.json_field.empty() || (file.packing != Packing::none && file.packing != Packing::compressed);
    });
    if (splits.validation_every > 0 && !documents)
        reader.fail("validation_every", "needs files that hold documents: archives, or json_field");
    return splits;
}

void read_files(const toml::node* node, TableReader& top, const std::string& file_name, DatasetManifest& manifest) {
    const toml::array* list = node ? node->as_array() : nullptr;
    if (!list || list->empty()) top.fail("files", "at least one [[files]] table is needed");
    std::set<std::string> names;
    for (const toml::node& element : *list) {
        const toml::table* table = element.as_table();
        if (!table) top.fail("files", "must be tables: write [[files]] on a line of its own");
        TableReader reader(file_name, *table, "[[files]] ");
        manifest.files.push_back(read_file_table(reader));
        if (!names.insert(manifest.files.back().name).second) reader.fail("name", "two files have this name");
        if (manifest.kind == ManifestKind::tokenizer && manifest.files.back().packing != Packing::none)
            reader.fail("unpack", "files of a tokenizer are not unpacked");
    }
}

}  // namespace

DatasetManifest parse_manifest(std::string_view toml, const std::string& file_name) {
    const toml::table document = parse_document(toml, file_name);
    TableReader reader(file_name, document, "");
    DatasetManifest manifest;
    manifest.id = reader.needed_text("id", "a short name");
    if (!is_dataset_id(manifest.id))
        reader.fail("id",
                    "must be made of a-z, 0-9, '-', '_' and '.', begin with a letter or digit, and have at most "
                    "64 characters");
    manifest.title = reader.needed_text("title", "the dataset's name in full");
    manifest.summary = reader.text("summary");
    manifest.licence = reader.needed_text("licence", "the terms under which it may be used");
    manifest.licence_address = reader.text("licence_address");
    manifest.citation = reader.text("citation");
    manifest.homepage = reader.text("homepage");
    for (const char* key : {"licence_address", "homepage"})
        if (const std::string address = reader.text(key); !address.empty() && !is_web_address(address))
            reader.fail(key, "must begin with http:// or https:// and hold no spaces");
    const std::string kind = reader.text("kind");
    if (!kind.empty() && kind != "dataset" && kind != "tokenizer")
        reader.fail("kind", R"(must be "dataset" or "tokenizer")");
    manifest.kind = kind == "tokenizer" ? ManifestKind::tokenizer : ManifestKind::dataset;
    manifest.document_separator = reader.text("document_separator");
    const std::string normalisation = reader.text("normalisation");
    if (!normalisation.empty() && normalisation != "text" && normalisation != "none")
        reader.fail("normalisation",
                    "must be \"text\" (CRLF becomes LF, a byte order mark is dropped, invalid bytes "
                    "become U+FFFD) or \"none\" (bytes as they are)");
    manifest.normalisation = normalisation == "none" ? Normalisation::none : Normalisation::text;
    manifest.tidy_documents = reader.flag("tidy_documents");
    const toml::node* files = reader.get("files");
    const toml::node* splits = reader.get("splits");
    reader.check_keys();
    read_files(files, reader, file_name, manifest);
    if (manifest.kind == ManifestKind::tokenizer) {
        if (splits) reader.fail("splits", "a tokenizer has no parts");
        return manifest;
    }
    if (!splits || !splits->is_table())
        reader.fail("splits",
                    "a table [splits] is needed: train and validation (names), bytes, fractions, or "
                    "validation_every");
    TableReader splits_reader(file_name, *splits->as_table(), "[splits] ");
    manifest.splits = read_splits(splits_reader, manifest);
    return manifest;
}

}  // namespace wavlab
