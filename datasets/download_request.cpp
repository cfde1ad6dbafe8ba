// SPDX-License-Identifier: GPL-3.0-or-later
// One HTTP request with libcurl.
#include "datasets/download_request.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <string_view>
#include <system_error>

#include <curl/curl.h>
#include <nlohmann/json.hpp>

#include "core/build_info.h"
#include "core/number_text.h"
#include "core/safe_file.h"

namespace wavlab {

namespace {

using Clock = std::chrono::steady_clock;

/// What counts of the headers of the newest response.
struct Headers {
    long status = 0;
    std::string etag, last_modified, content_range;
    std::optional<std::int64_t> content_length;
};

/// "bytes 100-199/200": where it begins, and the total where it is told.
struct ContentRange {
    std::int64_t begin = -1;
    std::optional<std::int64_t> total;
};

std::optional<ContentRange> parse_content_range(std::string_view text) {
    constexpr std::string_view unit = "bytes ";
    if (!text.starts_with(unit)) return std::nullopt;
    text.remove_prefix(unit.size());
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    ContentRange range;
    range.total = parse_whole_number(text.substr(slash + 1));
    if (text.starts_with('*')) return range;
    const std::size_t dash = text.find('-');
    const auto begin = parse_whole_number(text.substr(0, std::min(dash, slash)));
    if (dash == std::string_view::npos || dash > slash || !begin) return std::nullopt;
    range.begin = *begin;
    return range;
}

bool is_strong(const std::string& etag) { return etag.starts_with('"'); }

// CURL and CURLM are both void.
struct EasyDeleter {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct MultiDeleter {
    void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// Receives one response.
class Request {
public:
    Request(const DownloadTarget& target, const std::string& address, const DownloadLimits& limits, DataFile& file,
            DataWatch& watch)
        : target_(target), address_(address), limits_(limits), file_(file), watch_(watch), begin_(file.size()) {}

    RequestResult run() {
        static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
        easy_.reset(ready == CURLE_OK ? curl_easy_init() : nullptr);
        multi_.reset(curl_multi_init());
        if (!easy_ || !multi_) throw WorkError("the library for downloads (libcurl) cannot be started");
        set_options();
        curl_multi_add_handle(multi_.get(), easy_.get());
        CURLcode code = CURLE_OK;
        try {
            code = perform();
        } catch (...) {
            curl_multi_remove_handle(multi_.get(), easy_.get());
            throw;
        }
        curl_multi_remove_handle(multi_.get(), easy_.get());
        if (exception_) std::rethrow_exception(exception_);
        return conclude(code);
    }

private:
    template <class Value>
    void set(CURLoption option, Value value) {
        if (curl_easy_setopt(easy_.get(), option, value) != CURLE_OK)
            throw WorkError("the library for downloads (libcurl) lacks something that is needed");
    }

    void set_options() {
        set(CURLOPT_URL, address_.c_str());
        set(CURLOPT_PROTOCOLS_STR, "http,https");
        set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
        set(CURLOPT_FOLLOWLOCATION, 1L);
        set(CURLOPT_MAXREDIRS, static_cast<long>(limits_.redirects));
        set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits_.connect_timeout.count()));
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_TCP_KEEPALIVE, 1L);
        set(CURLOPT_BUFFERSIZE, 256L * 1024);
        set(CURLOPT_USERAGENT, user_agent_.c_str());
        set(CURLOPT_ERRORBUFFER, error_.data());
        set(CURLOPT_HEADERFUNCTION, &Request::take_header);
        set(CURLOPT_HEADERDATA, this);
        set(CURLOPT_WRITEFUNCTION, &Request::take_body);
        set(CURLOPT_WRITEDATA, this);
        // Compressed on the way it would have neither the size nor the checksum that is known.
        add_header("Accept-Encoding: identity");
        if (begin_ > 0) {
            range_ = std::to_string(begin_) + "-";
            set(CURLOPT_RANGE, range_.c_str());
            state_ = read_part_state(target_);
            // Of another server the part may be the same; the checksum will tell.
            if (state_ && state_->address != address_) state_.reset();
            if (state_ && is_strong(state_->etag))
                add_header("If-Range: " + state_->etag);
            else if (state_ && !state_->last_modified.empty())
                add_header("If-Range: " + state_->last_modified);
        }
        set(CURLOPT_HTTPHEADER, header_list_.get());
    }

    void add_header(const std::string& header) {
        curl_slist* list = curl_slist_append(header_list_.get(), header.c_str());
        static_cast<void>(header_list_.release());
        header_list_.reset(list);
    }

    CURLcode perform() {
        const std::stop_callback wake(watch_.stop(), [this] { curl_multi_wakeup(multi_.get()); });
        const int pause = static_cast<int>(std::clamp<std::int64_t>(limits_.stall_timeout.count() / 4, 1, 200));
        last_byte_ = Clock::now();
        for (int running = 1; running > 0;) {
            watch_.check();
            if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) return CURLE_RECV_ERROR;
            if (running == 0) break;
            if (Clock::now() - last_byte_ >
                limits_.stall_timeout + (connected() ? std::chrono::milliseconds(0) : limits_.connect_timeout)) {
                stalled_ = true;
                return CURLE_OPERATION_TIMEDOUT;
            }
            curl_multi_poll(multi_.get(), nullptr, 0, pause, nullptr);
        }
        int left = 0;
        const CURLMsg* message = curl_multi_info_read(multi_.get(), &left);
        return message && message->msg == CURLMSG_DONE ? message->data.result : CURLE_RECV_ERROR;
    }

    bool connected() const {
        curl_off_t microseconds = 0;
        curl_easy_getinfo(easy_.get(), CURLINFO_CONNECT_TIME_T, &microseconds);
        return microseconds > 0;
    }

    static std::size_t take_header(char* bytes, std::size_t one, std::size_t count, void* self) {
        static_cast<Request*>(self)->read_header({bytes, one * count});
        return one * count;
    }

    void read_header(std::string_view line) {
        last_byte_ = Clock::now();
        while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' '))
            line.remove_suffix(1);
        if (line.starts_with("HTTP/")) {
            headers_ = {};
            const std::size_t space = line.find(' ');
            if (space != std::string_view::npos)
                headers_.status = static_cast<long>(parse_whole_number(line.substr(space + 1, 3)).value_or(0));
            return;
        }
        const auto value_of = [&](std::string_view name) -> std::optional<std::string> {
            if (line.size() <= name.size() || line[name.size()] != ':') return std::nullopt;
            if (::strncasecmp(line.data(), name.data(), name.size()) != 0) return std::nullopt;
            std::string_view value = line.substr(name.size() + 1);
            while (value.starts_with(' ')) value.remove_prefix(1);
            return std::string(value);
        };
        if (auto etag = value_of("ETag")) headers_.etag = *etag;
        if (auto date = value_of("Last-Modified")) headers_.last_modified = *date;
        if (auto range = value_of("Content-Range")) headers_.content_range = *range;
        if (auto length = value_of("Content-Length")) headers_.content_length = parse_whole_number(*length);
    }

    static std::size_t take_body(char* bytes, std::size_t one, std::size_t count, void* self) {
        auto* request = static_cast<Request*>(self);
        try {
            return request->read_body({bytes, one * count}) ? one * count : 0;
        } catch (...) {
            request->exception_ = std::current_exception();
            return 0;
        }
    }

    /// False ends the transfer; `verdict_` then says why.
    bool read_body(std::string_view bytes) {
        last_byte_ = Clock::now();
        if (!begun_) {
            if (headers_.status != 200 && headers_.status != 206) {
                constexpr std::size_t longest_error_page = 1 << 20;
                ignored_ += bytes.size();
                return ignored_ < longest_error_page;
            }
            begun_ = true;
            if (!begin_body()) return false;
        }
        const std::int64_t most = target_.size.value_or(limits_.most_bytes);
        if (file_.size() + static_cast<std::int64_t>(bytes.size()) > most)
            return give_up(RequestEnd::wrong, host_of(address_) + " sends more than the " + std::to_string(most) +
                                                  (target_.size ? " bytes that the file has" : " bytes allowed"));
        file_.append(bytes);
        watch_.advance(file_.size());
        return true;
    }

    bool give_up(RequestEnd end, std::string problem) {
        verdict_ = {end, std::move(problem), 0, std::nullopt};
        return false;
    }

    /// Whether what the headers say fits what is there.
    bool begin_body() {
        if (headers_.status == 206) {
            const auto range = parse_content_range(headers_.content_range);
            if (begin_ == 0 || !range || range->begin != begin_)
                return give_up(RequestEnd::start_anew, host_of(address_) + " sends another piece than was asked for");
            total_ = range->total;
            const bool changed =
                state_ && !state_->etag.empty() && !headers_.etag.empty() && state_->etag != headers_.etag;
            if (changed) return give_up(RequestEnd::start_anew, "the file on " + host_of(address_) + " was changed");
        } else {
            total_ = headers_.content_length;
            if (file_.size() > 0) file_.start_anew();
        }
        if (target_.size && total_ && *total_ != *target_.size)
            return give_up(RequestEnd::refused, host_of(address_) + " offers a file of " + std::to_string(*total_) +
                                                    " bytes, but it must have " + std::to_string(*target_.size));
        write_part_state(target_, {address_, headers_.etag, headers_.last_modified});
        return true;
    }

    RequestResult conclude(CURLcode code) {
        if (verdict_) return *verdict_;
        RequestResult result;
        result.total = total_;
        curl_off_t wait = 0;
        if (curl_easy_getinfo(easy_.get(), CURLINFO_RETRY_AFTER, &wait) == CURLE_OK) result.retry_after = wait;
        if (code != CURLE_OK && headers_.status < 400) {
            result.end = transient(code) ? RequestEnd::broken : RequestEnd::refused;
            result.problem = describe(code);
            return result;
        }
        return conclude_status(std::move(result));
    }

    RequestResult conclude_status(RequestResult result) {
        const long status = headers_.status;
        if (status == 200 || status == 206) {
            // Without a body nothing was checked yet.
            if (!begun_ && !begin_body()) return *verdict_;
            result.total = total_;
            result.end = RequestEnd::complete;
            return result;
        }
        if (status == 416) {
            const auto range = parse_content_range(headers_.content_range);
            const bool whole = range && range->total && *range->total == file_.size();
            result.total = range ? range->total : std::nullopt;
            result.end = whole ? RequestEnd::complete : RequestEnd::start_anew;
            result.problem = whole ? "" : host_of(address_) + " has no bytes after the first " + std::to_string(begin_);
            return result;
        }
        const bool later = status == 408 || status == 425 || status == 429 || status >= 500;
        result.end = later ? RequestEnd::broken : RequestEnd::refused;
        result.problem =
            host_of(address_) + " answers " + std::to_string(status) + (status == 404 ? " (not found)" : "");
        return result;
    }

    bool redirected() const { return headers_.status >= 300 && headers_.status < 400; }

    bool transient(CURLcode code) const {
        switch (code) {
            case CURLE_UNSUPPORTED_PROTOCOL:  // also what libcurl says of a server that does not speak HTTP
                return !redirected();
            case CURLE_COULDNT_RESOLVE_PROXY:
            case CURLE_COULDNT_RESOLVE_HOST:
            case CURLE_COULDNT_CONNECT:
            case CURLE_OPERATION_TIMEDOUT:
            case CURLE_PARTIAL_FILE:
            case CURLE_GOT_NOTHING:
            case CURLE_SEND_ERROR:
            case CURLE_RECV_ERROR:
            case CURLE_SSL_CONNECT_ERROR:
            case CURLE_HTTP2:
            case CURLE_HTTP2_STREAM:
            case CURLE_WEIRD_SERVER_REPLY:
                return true;
            default:
                return false;
        }
    }

    std::string describe(CURLcode code) const {
        const std::string host = host_of(address_);
        const std::string detail = error_[0] ? error_.data() : curl_easy_strerror(code);
        if (stalled_ || (code == CURLE_OPERATION_TIMEDOUT && connected())) return host + " sends nothing any more";
        if (code == CURLE_UNSUPPORTED_PROTOCOL && !redirected()) return host + " does not answer as HTTP asks for";
        if (code == CURLE_UNSUPPORTED_PROTOCOL)
            return host + " sends on to an address that is neither HTTP nor HTTPS, which is not followed";
        if (code == CURLE_TOO_MANY_REDIRECTS)
            return host + " sends on from address to address, more than " + std::to_string(limits_.redirects) +
                   " times";
        if (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING)
            return "the connection to " + host + " broke off (" + detail + ")";
        return host + " cannot be reached (" + detail + ")";
    }

    const DownloadTarget& target_;
    const std::string& address_;
    const DownloadLimits& limits_;
    DataFile& file_;
    DataWatch& watch_;
    const std::int64_t begin_;
    const std::string user_agent_ = "wavlab/" + std::string(version());
    std::array<char, CURL_ERROR_SIZE> error_{};
    std::unique_ptr<curl_slist, ListDeleter> header_list_;
    std::unique_ptr<CURL, EasyDeleter> easy_;
    std::unique_ptr<CURLM, MultiDeleter> multi_;
    std::string range_;
    std::optional<PartState> state_;
    Headers headers_;
    std::optional<std::int64_t> total_;
    std::optional<RequestResult> verdict_;
    std::exception_ptr exception_;
    bool begun_ = false, stalled_ = false;
    std::size_t ignored_ = 0;
    Clock::time_point last_byte_{};
};

}  // namespace

std::optional<PartState> read_part_state(const DownloadTarget& target) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(target.part_state(), error)) return std::nullopt;
    try {
        const nlohmann::json state = nlohmann::json::parse(read_file(target.part_state(), 1 << 16));
        return PartState{state.at("address"), state.at("etag"), state.at("last_modified")};
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

void write_part_state(const DownloadTarget& target, const PartState& state) {
    const nlohmann::json json{{"address", state.address}, {"etag", state.etag}, {"last_modified", state.last_modified}};
    write_file_safely(target.part_state(), json.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n");
}

RequestResult request_rest(const DownloadTarget& target, const std::string& address, const DownloadLimits& limits,
                           DataFile& file, DataWatch& watch) {
    return Request(target, address, limits, file, watch).run();
}

}  // namespace wavlab
