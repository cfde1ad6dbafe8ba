// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "datasets/text.h"

namespace wavlab {

/// Takes documents one after another, each in pieces.
class DocumentSink {
public:
    virtual ~DocumentSink() = default;
    /// `name` is the file's, or the member's in its archive.
    virtual void begin(const std::string& name) = 0;
    virtual void append(std::string_view bytes) = 0;
    virtual void end() = 0;
};

/// CRLF becomes LF, a byte order mark at a document's start is dropped, invalid bytes become U+FFFD.
class NormalisingSink final : public DocumentSink {
public:
    explicit NormalisingSink(DocumentSink& next) : next_(next) {}
    void begin(const std::string& name) override;
    void append(std::string_view bytes) override;
    void end() override;
    /// How many U+FFFD were put in place of invalid bytes so far.
    std::int64_t replacements() const { return replacements_; }

private:
    void pass_on();

    DocumentSink& next_;
    TextNormaliser normaliser_;
    std::string text_;
    std::int64_t replacements_ = 0;
};

/// Three or more line ends become two, white space at a document's ends goes, documents without anything else too.
class TidyingSink final : public DocumentSink {
public:
    explicit TidyingSink(DocumentSink& next) : next_(next) {}
    void begin(const std::string& name) override;
    void append(std::string_view bytes) override;
    void end() override;

private:
    DocumentSink& next_;
    std::string name_;
    std::string space_;  // white space since the last other character, its line ends already few enough
    std::string text_;
    int line_ends_ = 0;  // at the end of space_
    bool begun_ = false;
};

/// Each line of what it is given is a JSON object, of which one field is a document. Throws InputError that names file
/// and line.
class JsonLinesSink final : public DocumentSink {
public:
    JsonLinesSink(std::string field, DocumentSink& next) : field_(std::move(field)), next_(next) {}
    void begin(const std::string& name) override;
    void append(std::string_view bytes) override;
    void end() override;

private:
    void take_line(std::string_view line);

    const std::string field_;
    DocumentSink& next_;
    std::string name_, line_;
    std::int64_t number_ = 0;
};

}  // namespace wavlab
