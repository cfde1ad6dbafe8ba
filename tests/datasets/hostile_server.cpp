// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/datasets/hostile_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace wavlab {

namespace {

constexpr std::string_view head_end = "\r\n\r\n";

/// Empty when the other side went before its request was complete.
std::string read_head(int descriptor) {
    std::string head;
    char buffer[4096];
    while (head.find(head_end) == std::string::npos) {
        const ssize_t count = ::recv(descriptor, buffer, sizeof buffer, 0);
        if (count <= 0) return {};
        head.append(buffer, static_cast<std::size_t>(count));
    }
    return head;
}

HttpRequest parse_head(const std::string& head) {
    HttpRequest request;
    std::size_t at = head.find("\r\n");
    const std::string first = head.substr(0, at);
    const std::size_t space = first.find(' ');
    request.method = first.substr(0, space);
    request.target = first.substr(space + 1, first.find(' ', space + 1) - space - 1);
    while (at + 2 < head.size()) {
        const std::size_t begin = at + 2, end = head.find("\r\n", begin);
        if (end == std::string::npos || end == begin) break;
        const std::size_t colon = head.find(':', begin);
        if (colon < end) {
            std::string name = head.substr(begin, colon - begin);
            std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
            const std::size_t value = head.find_first_not_of(' ', colon + 1);
            request.headers[name] = head.substr(value, end - value);
        }
        at = end;
    }
    return request;
}

}  // namespace

std::string HttpRequest::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
}

std::optional<std::int64_t> HttpRequest::range_begin() const {
    const std::string range = header("range");
    constexpr std::string_view unit = "bytes=";
    if (!range.starts_with(unit)) return std::nullopt;
    return std::stoll(range.substr(unit.size()));
}

bool HttpConnection::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

void HttpConnection::wait_until_closed() {
    char buffer[256];
    while (::recv(descriptor_, buffer, sizeof buffer, 0) > 0) {
    }
}

bool HttpConnection::send_head(const std::string& status, const std::vector<std::string>& headers) {
    std::string head = "HTTP/1.1 " + status + "\r\nConnection: close\r\n";
    for (const std::string& header : headers) head += header + "\r\n";
    return send(head + "\r\n");
}

void HttpConnection::reset() {
    const linger at_once{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

HostileServer::HostileServer(Handler handler) : handler_(std::move(handler)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 64) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::runtime_error("no server on loopback");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::jthread([this] { accept_all(); });
}

HostileServer::~HostileServer() {
    ending_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
        const std::lock_guard lock(mutex_);
        for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
    }
    connections_.clear();
    ::close(listener_);
}

std::string HostileServer::address(const std::string& path) const {
    // What a test wrote before it asked for the address, the handler sees.
    const std::lock_guard lock(mutex_);
    return "http://127.0.0.1:" + std::to_string(port_) + "/" + path;
}

std::vector<HttpRequest> HostileServer::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

void HostileServer::accept_all() {
    while (!ending_) {
        const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (descriptor < 0) {
            if (ending_) return;
            continue;
        }
        const std::lock_guard lock(mutex_);
        open_.push_back(descriptor);
        connections_.emplace_back([this, descriptor] { serve(descriptor); });
    }
}

void HostileServer::serve(int descriptor) {
    const std::string head = read_head(descriptor);
    if (!head.empty()) {
        HttpRequest request = parse_head(head);
        {
            const std::lock_guard lock(mutex_);
            request.number = static_cast<int>(requests_.size()) + 1;
            requests_.push_back(request);
        }
        HttpConnection connection(descriptor);
        handler_(request, connection);
    }
    const std::lock_guard lock(mutex_);
    std::erase(open_, descriptor);
    ::close(descriptor);
}

void ServedFile::answer(const HttpRequest& request, HttpConnection& connection, std::int64_t cut) const {
    const auto size = static_cast<std::int64_t>(body.size());
    std::vector<std::string> headers{"Accept-Ranges: bytes"};
    if (!etag.empty()) headers.push_back("ETag: " + etag);
    if (!last_modified.empty()) headers.push_back("Last-Modified: " + last_modified);
    const std::string condition = request.header("if-range");
    const bool unchanged = condition.empty() || condition == etag || condition == last_modified;
    const bool part = knows_ranges && unchanged && request.range_begin();
    const std::int64_t begin = part ? *request.range_begin() : 0;
    if (begin >= size && part) {
        headers.push_back("Content-Range: bytes */" + std::to_string(size));
        headers.push_back("Content-Length: 0");
        connection.send_head("416 Range Not Satisfiable", headers);
        return;
    }
    if (part)
        headers.push_back("Content-Range: bytes " + std::to_string(begin) + "-" + std::to_string(size - 1) + "/" +
                          std::to_string(size));
    headers.push_back("Content-Length: " + std::to_string(size - begin));
    const std::int64_t end = cut < 0 ? size : std::min(cut, size);
    if (connection.send_head(part ? "206 Partial Content" : "200 OK", headers) && end > begin)
        connection.send(
            std::string_view(body).substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
}

}  // namespace wavlab
