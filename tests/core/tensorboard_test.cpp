// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/crc32c.h"
#include "core/protobuf_message.h"
#include "core/run_folder.h"
#include "core/run_store.h"
#include "core/safe_file.h"
#include "core/tensorboard_events.h"
#include "core/tensorboard_log.h"
#include "core/tensorboard_steps.h"
#include "tests/core/child_process.h"
#include "tests/core/some_run.h"
#include "tests/core/temporary_folder.h"

namespace fs = std::filesystem;

namespace wavlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// What each record of an event file holds; the checksums are checked.
std::vector<std::string> records_of(const std::string& bytes) {
    std::vector<std::string> records;
    for (std::size_t at = 0; at < bytes.size();) {
        std::uint64_t length = 0;
        std::memcpy(&length, bytes.data() + at, sizeof length);
        records.push_back(bytes.substr(at + 12, length));
        EXPECT_EQ(bytes.substr(at, 16 + length), tensorboard_record(records.back()));
        at += 16 + length;
    }
    return records;
}

std::size_t count(const std::vector<std::string>& records, const std::string& part) {
    return static_cast<std::size_t>(std::count_if(records.begin(), records.end(), [&](const std::string& record) {
        return record.find(part) != std::string::npos;
    }));
}

std::vector<fs::path> files_in(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

/// A run folder that holds the events of some sessions.
RunFolder stored_run(const fs::path& folder, const std::vector<RunEvent>& events) {
    fs::create_directories(folder);
    write_text(folder / "experiment.toml", "");
    RunStoreWriter writer(folder / "run.db");
    for (const RunEvent& event : events) writer.write(event);
    writer.close();
    return {folder};
}

RunStarted start_in(const fs::path& folder, std::int64_t first_step = 0) {
    RunStarted started = some_start(first_step);
    started.folder = folder.string();
    return started;
}

TEST(Crc32c, KnownValues) {
    // RFC 3720, B.4.
    EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
    EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43u);
    std::string ascending;
    for (char c = 0; c < 32; ++c) ascending += c;
    EXPECT_EQ(crc32c(ascending), 0x46DD794Eu);
    EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
    EXPECT_EQ(crc32c(""), 0u);
}

TEST(ProtobufMessage, EncodesTheExamplesOfItsDocumentation) {
    EXPECT_EQ(ProtobufMessage().whole(1, 150).bytes(), "\x08\x96\x01");
    EXPECT_EQ(ProtobufMessage().text(2, "testing").bytes(), "\x12\x07testing");
    EXPECT_EQ(ProtobufMessage().message(3, ProtobufMessage().whole(1, 150)).bytes(), "\x1a\x03\x08\x96\x01");
    EXPECT_EQ(ProtobufMessage().whole(1, -2).bytes(), "\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    EXPECT_EQ(ProtobufMessage().single(2, 1.0f).bytes(), std::string("\x15\0\0\x80\x3f", 5));
    EXPECT_EQ(ProtobufMessage().number(1, 1.0).bytes(), std::string("\x09\0\0\0\0\0\0\xf0\x3f", 9));
}

TEST(TensorboardEvents, FilesBeginAsTensorFlowWritesThem) {
    const std::string bytes = tensorboard_opening(12, 1.0);
    EXPECT_EQ(bytes.substr(0, 12), std::string("\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22", 12));
    const std::vector<std::string> records = records_of(bytes);
    ASSERT_THAT(records, SizeIs(2));
    EXPECT_EQ(records[0], std::string("\x09\0\0\0\0\0\0\xf0\x3f\x1a\x0d", 11) + "brain.Event:2");
    EXPECT_EQ(records[1], std::string("\x09\0\0\0\0\0\0\xf0\x3f\x10\x0c\x3a\x02\x08\x01", 15));
}

TEST(TensorboardEvents, AScalarIsASimpleValue) {
    const std::vector<std::string> records =
        records_of(TensorboardEvents().encode(ScalarRecorded{3, "val/loss", 1.0}, 1.0));
    ASSERT_THAT(records, SizeIs(1));
    EXPECT_EQ(records[0],
              std::string("\x09\0\0\0\0\0\0\xf0\x3f\x10\x03\x2a\x11\x0a\x0f\x0a\x08val/loss\x15\0\0\x80\x3f", 30));
}

TEST(TensorboardEvents, EachPromptHasATagAndBytesThatAreNotUtf8AreReplaced) {
    TensorboardEvents events;
    EXPECT_THAT(events.encode(SampleDrawn{1, "Once", "a\nb\xff"}, 1), HasSubstr("samples/1"));
    const std::string second = events.encode(SampleDrawn{1, "Twice", "a\nb\xff"}, 1);
    EXPECT_THAT(second, HasSubstr("samples/2"));
    EXPECT_THAT(second, HasSubstr("    Twice\n\n**Text**\n\n    a\n    b\xEF\xBF\xBD"));
    EXPECT_THAT(events.encode(SampleDrawn{2, "Once", "c"}, 1), HasSubstr("samples/1"));
    EXPECT_THAT(events.encode(Message{"no place"}, 1), IsEmpty());
    EXPECT_THAT(events.encode(some_routing(1), 1), IsEmpty());
}

TEST(TensorboardEvents, TheStartHoldsExperimentAndHyperparameters) {
    const std::vector<std::string> records = records_of(TensorboardEvents().encode(some_start(), 1));
    ASSERT_THAT(records, SizeIs(3));
    EXPECT_THAT(records[0], HasSubstr("    [model]\n"));
    EXPECT_THAT(records[1], HasSubstr("| device | cpu |"));
    EXPECT_THAT(records[2], HasSubstr("model.method\x12\x05\x1a\x03wav"));
}

TEST(RecordedTime, AddsTheStepsToTheStart) {
    RunStarted started = some_start();
    started.description.experiment = "[model]\ncontext = 10\n[train]\nbatch = 2\naccumulate = 3\n";
    RecordedTime time;
    EXPECT_EQ(time.at(started), 1767323045);  // date -d 2026-01-02T03:04:05Z +%s
    EXPECT_EQ(time.at(ScalarRecorded{1, "train/loss", 2}), 1767323045);
    EXPECT_EQ(time.at(ScalarRecorded{1, "train/tokens_per_second", 30}), 1767323047);
    EXPECT_EQ(time.at(ScalarRecorded{2, "train/tokens_per_second", 0}), 1767323047);
}

TEST(TensorboardExport, HoldsTheRunOnceAndReplacesItself) {
    const TemporaryFolder folder;
    std::vector<RunEvent> events{start_in(folder.path() / "wav-12")};
    for (const RunEvent& event : some_steps(0, 10)) events.push_back(event);
    const RunFolder run = stored_run(folder.path() / "wav-12", events);
    const fs::path file = export_tensorboard(run, folder.path() / "board");
    EXPECT_EQ(file, folder.path() / "board" / "wav-12" / "events.out.tfevents.1767323045.wavlab");
    const std::vector<std::string> records = records_of(read_file(file));
    EXPECT_EQ(count(records, "train/loss"), 11u);
    EXPECT_EQ(count(records, "val/loss"), 3u);
    EXPECT_EQ(count(records, "samples/1"), 3u);
    EXPECT_EQ(export_tensorboard(run, folder.path() / "board"), file);
    EXPECT_EQ(records_of(read_file(file)), records);
    EXPECT_THAT(files_in(file.parent_path()), ElementsAre(file));

    write_text(file.parent_path() / "events.out.tfevents.1.other", "");
    EXPECT_THAT(message_of<InputError>([&] { export_tensorboard(run, folder.path() / "board"); }),
                HasSubstr("events.out.tfevents.1.other"));
    EXPECT_THAT(message_of<InputError>([&] { export_tensorboard(run, file); }), HasSubstr("not a folder"));
}

TEST(TensorboardLog, AResumedRunStartsAFurtherFileAtItsFirstNewStep) {
    const TemporaryFolder folder;
    const fs::path board = folder.path() / "board", run = folder.path() / "run";
    const auto log = [&](const RunStarted& started, std::int64_t last) {
        TensorboardLog tensorboard(board);
        tensorboard.apply(started);
        for (const RunEvent& event : some_steps(started.first_step + 1, last)) tensorboard.apply(event);
        tensorboard.flush();
        EXPECT_FALSE(tensorboard.take_problem());
    };
    log(start_in(run), 8);
    log(start_in(run, 5), 10);
    const std::vector<fs::path> files = files_in(board / "run");
    ASSERT_THAT(files, SizeIs(2));
    EXPECT_EQ(count(records_of(read_file(files[0])), "train/loss"), 8u);
    const std::vector<std::string> second = records_of(read_file(files[1]));
    EXPECT_EQ(count(second, "train/loss"), 5u);
    EXPECT_EQ(second[1].substr(9), std::string("\x10\x06\x3a\x02\x08\x01"));
}

TEST(TensorboardLog, ARunThatWasNotWatchedBringsItsHistory) {
    const TemporaryFolder folder;
    const fs::path path = folder.path() / "run";
    const RunStarted resumed = start_in(path, 4);
    std::vector<RunEvent> events{start_in(path)};
    for (const RunEvent& event : some_steps(1, 4)) events.push_back(event);
    events.push_back(resumed);
    for (const RunEvent& event : some_steps(5, 6)) events.push_back(event);  // they come as events too
    stored_run(path, events);

    TensorboardLog tensorboard(folder.path() / "board");
    tensorboard.apply(resumed);
    for (const RunEvent& event : some_steps(5, 6)) tensorboard.apply(event);
    tensorboard.flush();
    const std::vector<fs::path> files = files_in(folder.path() / "board" / "run");
    ASSERT_THAT(files, SizeIs(1));
    const std::vector<std::string> records = records_of(read_file(files[0]));
    EXPECT_EQ(count(records, "train/loss"), 6u);
    EXPECT_EQ(count(records, "brain.Event:2"), 1u);
}

TEST(TensorboardLog, WhatEarlierFilesLackComesFirst) {
    const TemporaryFolder folder;
    const fs::path path = folder.path() / "run", own = folder.path() / "board" / "run";
    std::vector<RunEvent> events{start_in(path)};
    for (const RunEvent& event : some_steps(1, 12)) events.push_back(event);
    const RunStarted resumed = start_in(path, 12);
    events.push_back(resumed);
    stored_run(path, events);
    fs::create_directories(own);
    EXPECT_EQ(last_tensorboard_step(own), -1);
    // Up to step 9, of which a second file takes back what is after step 7; its end is cut off.
    TensorboardEvents some;
    const auto scalar = [&](std::int64_t step) { return some.encode(ScalarRecorded{step, "train/loss", 1}, 1); };
    write_text(own / "events.out.tfevents.0000000001.a", tensorboard_opening(0, 1) + scalar(1) + scalar(9));
    EXPECT_EQ(last_tensorboard_step(own), 9);
    write_text(own / "events.out.tfevents.0000000002.a", tensorboard_opening(8, 1) + scalar(8).substr(0, 30));
    EXPECT_EQ(last_tensorboard_step(own), 7);

    TensorboardLog tensorboard(folder.path() / "board");
    tensorboard.apply(resumed);
    tensorboard.apply(ScalarRecorded{13, "train/loss", 1});
    tensorboard.flush();
    const std::vector<fs::path> files = files_in(own);
    ASSERT_THAT(files, SizeIs(3));
    const std::vector<std::string> records = records_of(read_file(files[2]));
    EXPECT_EQ(records[1].substr(9), std::string("\x10\x07\x3a\x02\x08\x01"));
    EXPECT_EQ(count(records, "train/loss"), 7u);  // steps 7 to 13
    EXPECT_EQ(last_tensorboard_step(own), 13);
}

TEST(TensorboardLog, FilesOfAnyBytesAreRead) {
    const TemporaryFolder folder;
    for (const std::string& data : {std::string(100, '\xff'), std::string("\x3a\xff"), std::string("\x13"),
                                    std::string("\x09\x01"), std::string()}) {
        write_text(folder.path() / "events.out.tfevents.1.a", tensorboard_record(data) + data);
        EXPECT_LE(last_tensorboard_step(folder.path()), 0);
    }
}

TEST(TensorboardLog, AFolderThatCannotBeMadeIsRefused) {
    const TemporaryFolder folder;
    write_text(folder.path() / "file", "");
    for (const fs::path& path : {folder.path() / "file", folder.path() / "file" / "below"})
        EXPECT_THAT(message_of<InputError>([&] { TensorboardLog{path}; }), HasSubstr(path.string()));
    { const TensorboardLog unused(folder.path() / "board"); }
    EXPECT_FALSE(fs::exists(folder.path() / "board"));
}

TEST(TensorboardLog, AFullDiskStopsTheWritingAfterWholeRecords) {
    const TemporaryFolder folder;
    const fs::path board = folder.path() / "board";
    EXPECT_EQ(run_in_child([&] {
                  TensorboardLog tensorboard(board);
                  limit_file_size(20'000);
                  int problems = 0;
                  tensorboard.apply(start_in(folder.path() / "run"));
                  for (std::int64_t step = 1; step <= 2000; ++step) {
                      tensorboard.apply(ScalarRecorded{step, "train/loss", 1});
                      tensorboard.flush();
                      if (tensorboard.take_problem()) ++problems;
                  }
                  return problems;
              }),
              1);
    const std::vector<std::string> records = records_of(read_file(files_in(board / "run").at(0)));
    EXPECT_GT(count(records, "train/loss"), 100u);
    EXPECT_LT(count(records, "train/loss"), 2000u);
}

}  // namespace
}  // namespace wavlab
