// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/option.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/number_text.h"

namespace wavlab {
namespace {

const Option layers{.key = "layers", .default_value = std::int64_t{12}, .minimum = 1, .maximum = 1000};
const Option rate{.key = "lr", .default_value = 1e-3, .minimum = 0, .maximum = 10, .minimum_excluded = true};
const Option choice{.key = "match", .default_value = std::string("token"), .choices = {"token", "off"}};
const Option device{
    .key = "device", .default_value = std::string("auto"), .choices = {"auto", "cpu"}, .other_text_allowed = true};
const Option flag{.key = "phase", .default_value = true};

TEST(Option, SaysWhatIsAllowed) {
    EXPECT_EQ(allowed_values(layers), "a whole number from 1 to 1000");
    EXPECT_EQ(allowed_values(rate), "a number above 0 and at most 10");
    EXPECT_EQ(allowed_values(choice), "one of token, off");
    EXPECT_EQ(allowed_values(device), "text, such as auto, cpu");
    EXPECT_EQ(allowed_values(flag), "true or false");
    EXPECT_EQ(allowed_values({.default_value = std::string()}), "text");
    EXPECT_EQ(allowed_values({.default_value = 0.5, .minimum = -1.5}), "a number of at least -1.5");
    EXPECT_EQ(allowed_values({.default_value = 0.5, .maximum = 2}), "a number of at most 2");
    EXPECT_EQ(allowed_values({.default_value = std::int64_t{1}, .minimum = 0, .maximum = 1e9}),
              "a whole number from 0 to 1000000000");
    EXPECT_EQ(*problem_with(rate, 0.0), "must be a number above 0 and at most 10");
}

TEST(Option, ChecksTypeAndRange) {
    EXPECT_FALSE(problem_with(layers, std::int64_t{1}));
    EXPECT_FALSE(problem_with(layers, std::int64_t{1000}));
    for (const OptionValue& bad : {OptionValue(std::int64_t{0}), OptionValue(std::int64_t{1001}), OptionValue(12.0),
                                   OptionValue(true), OptionValue(std::string("12"))})
        EXPECT_TRUE(problem_with(layers, bad)) << to_text(bad);
    EXPECT_FALSE(problem_with(rate, std::int64_t{1}));  // a whole number is a number
    for (const double bad : {0.0, -1.0, 10.5, std::nan(""), std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity()})
        EXPECT_TRUE(problem_with(rate, bad)) << bad;
    EXPECT_TRUE(problem_with({.default_value = 0.5}, std::nan("")));
    EXPECT_TRUE(problem_with(choice, std::string("Token")));
    EXPECT_FALSE(problem_with(device, std::string("cuda:1")));
    EXPECT_TRUE(problem_with(flag, std::int64_t{1}));
}

TEST(Option, ReadsWhatIsTyped) {
    EXPECT_EQ(parse_option_value(layers, "48"), OptionValue(std::int64_t{48}));
    EXPECT_EQ(parse_option_value(layers, " +48 "), OptionValue(std::int64_t{48}));
    for (const char* bad : {"", "4.5", "48x", "0x10", "99999999999999999999", "--4", "+-4"})
        EXPECT_FALSE(parse_option_value(layers, bad)) << bad;
    EXPECT_EQ(parse_option_value(rate, "1e-4"), OptionValue(1e-4));
    EXPECT_EQ(parse_option_value(rate, "3"), OptionValue(3.0));
    EXPECT_TRUE(std::isnan(std::get<double>(*parse_option_value(rate, "nan"))));
    EXPECT_FALSE(parse_option_value(rate, "0,5"));
    EXPECT_EQ(parse_option_value(flag, "true"), OptionValue(true));
    EXPECT_FALSE(parse_option_value(flag, "1"));
    EXPECT_EQ(parse_option_value(choice, "off"), OptionValue(std::string("off")));
    EXPECT_EQ(parse_option_value(choice, "\"off\""), OptionValue(std::string("off")));
}

TEST(Option, WritesTheShortestExactForm) {
    EXPECT_EQ(to_text(1.0), "1.0");
    EXPECT_EQ(to_text(1e-3), "0.001");
    EXPECT_EQ(to_text(1e-6), "1e-6");
    EXPECT_EQ(to_text(0.1 + 0.2), "0.30000000000000004");
    EXPECT_EQ(to_text(-2.0), "-2.0");
    EXPECT_EQ(to_text(std::nan("")), "nan");
    EXPECT_EQ(to_text(true), "true");
    EXPECT_EQ(to_text(std::int64_t{-7}), "-7");
}

TEST(Option, FallsBackToTheDefault) {
    const std::vector<Option> options{layers, rate};
    EXPECT_EQ(get_option<std::int64_t>(options, {}, "layers"), 12);
    EXPECT_EQ(get_option<std::int64_t>(options, {{"layers", std::int64_t{3}}}, "layers"), 3);
    EXPECT_EQ(get_option<double>(options, {{"lr", std::int64_t{1}}}, "lr"), 1.0);
    EXPECT_THROW(value_or_default(options, {}, "depth"), WorkError);
}

TEST(NumberText, GoesThereAndBack) {
    for (const double value : {0.0, 1.0, -0.1, 1e-300, 1e300, 3.141592653589793, 4.9406564584124654e-324})
        EXPECT_EQ(parse_number(number_text(value)), value);
    EXPECT_EQ(number_text(1.0 / 3.0, 9), "0.333333333");
    EXPECT_EQ(number_text(-std::nan(""), 9), "nan");
    EXPECT_EQ(number_text(-std::numeric_limits<double>::infinity(), 9), "-inf");
    EXPECT_EQ(number_text(1e22, 9), "1e+22");
    EXPECT_FALSE(parse_whole_number("12 "));
    EXPECT_EQ(parse_whole_number("-9223372036854775808"), INT64_MIN);
}

}  // namespace
}  // namespace wavlab
