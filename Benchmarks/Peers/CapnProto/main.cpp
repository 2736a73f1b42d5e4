// Cap'n Proto's own RPC, as its documentation begins: EzRpcServer and EzRpcClient, one event loop in each process, and
// one connection. Calls in flight are promises of that loop.
#include <capnp/ez-rpc.h>
#include <kj/async.h>
#include <kj/debug.h>

#include <string>
#include <vector>

#include "echo.capnp.h"
#include "peer.h"

namespace {

class EchoServer final : public Echo::Server {
    kj::Promise<void> bytes(BytesContext context) override {
        auto payload = context.getParams().getPayload();
        context.getResults(capnp::MessageSize{payload.size() / sizeof(capnp::word) + 16, 0}).setPayload(payload);
        return kj::READY_NOW;
    }
};

void serve() {
    capnp::EzRpcServer server(kj::heap<EchoServer>(), "127.0.0.1:0");
    auto &waiting = server.getWaitScope();
    peer_ready_on_port(static_cast<int>(server.getPort().wait(waiting)));
    kj::NEVER_DONE.wait(waiting);
}

/// One call after the other.
class Lane {
public:
    Lane(Echo::Client &echo, kj::ArrayPtr<const kj::byte> payload, uint64_t number)
        : echo(echo), payload(payload), number(number) {}

    kj::Promise<void> run() {
        uint64_t start = peer_times(++number) ? peer_now() : 0;
        auto request = echo.bytesRequest(capnp::MessageSize{payload.size() / sizeof(capnp::word) + 16, 0});
        request.setPayload(payload);
        return request.send().then([this, start](capnp::Response<Echo::BytesResults> &&response) {
            auto answer = response.getPayload();
            if (answer.size() != payload.size()) peer_fail("the answer has another size");
            if (!isCompared && answer != payload) peer_fail("the answer is another");
            isCompared = true;
            if (start > 0) peer_took(peer_now() - start);
            peer_count(1);
            return run();
        });
    }

private:
    Echo::Client &echo;
    kj::ArrayPtr<const kj::byte> payload;
    uint64_t number;
    bool isCompared = false;
};

void run(const peer_options &options) {
    capnp::EzRpcClient client(options.address);
    auto echo = client.getMain<Echo>();
    std::vector<char> payload(options.size);
    peer_fill(payload.data(), payload.size());
    auto bytes = kj::ArrayPtr<const char>(payload.data(), payload.size()).asBytes();
    std::vector<Lane> lanes;
    for (int number = 0; number < options.in_flight; number++) lanes.emplace_back(echo, bytes, number);
    peer_start_stopwatch();
    auto calls = kj::heapArrayBuilder<kj::Promise<void>>(lanes.size());
    for (auto &lane : lanes) calls.add(lane.run());
    kj::joinPromises(calls.finish()).wait(client.getWaitScope());
}

}  // namespace

int main(int count, char **arguments) {
    std::string about = "Cap'n Proto " + std::to_string(CAPNP_VERSION_MAJOR) + "." +
        std::to_string(CAPNP_VERSION_MINOR) + "." + std::to_string(CAPNP_VERSION_MICRO) + ", C++";
    const peer_options *options = peer_parse(count, arguments, about.c_str());
    try {
        if (options->serves) serve();
        else run(*options);
    } catch (const kj::Exception &error) {
        peer_fail(error.getDescription().cStr());
    }
}
