// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace wavlab {

struct HttpRequest {
    std::string method, target;
    std::map<std::string, std::string> headers;  ///< names in lower case
    int number = 0;                              ///< of this server, from 1

    std::string header(const std::string& name) const;
    /// The N of "Range: bytes=N-".
    std::optional<std::int64_t> range_begin() const;
};

/// What the server answers with; the connection is closed when the handler returns.
class HttpConnection {
public:
    explicit HttpConnection(int descriptor) : descriptor_(descriptor) {}

    /// False once the other side has gone.
    bool send(std::string_view bytes);
    /// Blocks until the other side has gone, or the server ends.
    void wait_until_closed();
    /// A status line, headers (each "Name: value") and the end of the head.
    bool send_head(const std::string& status, const std::vector<std::string>& headers);
    /// The next bytes reach the other side as an error of the connection.
    void reset();

private:
    int descriptor_;
};

/// An HTTP/1.1 server on loopback that does what a test's handler tells it, right or wrong.
class HostileServer {
public:
    using Handler = std::function<void(const HttpRequest&, HttpConnection&)>;

    explicit HostileServer(Handler handler);
    ~HostileServer();
    HostileServer(const HostileServer&) = delete;
    HostileServer& operator=(const HostileServer&) = delete;

    int port() const { return port_; }
    /// "http://127.0.0.1:PORT/path".
    std::string address(const std::string& path) const;
    /// So far, in order.
    std::vector<HttpRequest> requests() const;

private:
    void accept_all();
    void serve(int descriptor);

    Handler handler_;
    int listener_ = -1, port_ = 0;
    mutable std::mutex mutex_;
    std::vector<HttpRequest> requests_;
    std::vector<int> open_;
    std::atomic<bool> ending_ = false;
    std::vector<std::jthread> connections_;
    std::jthread acceptor_;
};

/// A file as a well-behaved server has it.
struct ServedFile {
    std::string body;
    std::string etag = "\"one\"";
    std::string last_modified = {};
    bool knows_ranges = true;

    /// Answers as HTTP asks for, but sends no byte after the first `cut` of the whole file.
    void answer(const HttpRequest& request, HttpConnection& connection, std::int64_t cut = -1) const;
};

}  // namespace wavlab
