// gRPC for C++ by its callback API, the one its documentation recommends for services that do not block; no TLS, and
// the settings it comes with. One channel, which is one connection.
#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "echo.grpc.pb.h"
#include "peer.h"

namespace {

class EchoService final : public Echo::CallbackService {
    grpc::ServerUnaryReactor *Bytes(
        grpc::CallbackServerContext *context, const Message *request, Message *response) override {
        response->set_payload(request->payload());
        auto *reactor = context->DefaultReactor();
        reactor->Finish(grpc::Status::OK);
        return reactor;
    }
};

void serve() {
    EchoService service;
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (!server || port == 0) peer_fail("the server did not start");
    peer_ready_on_port(port);
    server->Wait();
}

/// One call after the other; each begins in the callback of the one before.
class Lane {
public:
    Lane(Echo::Stub &stub, const std::string &payload, uint64_t number) : stub(stub), number(number) {
        request.set_payload(payload);
    }

    void call() {
        start = peer_times(++number) ? peer_now() : 0;
        context.emplace();
        stub.async()->Bytes(&*context, &request, &response, [this](grpc::Status status) { answered(status); });
    }

private:
    void answered(const grpc::Status &status) {
        if (!status.ok()) peer_fail(status.error_message().c_str());
        if (response.payload().size() != request.payload().size()) peer_fail("the answer has another size");
        if (!isCompared && response.payload() != request.payload()) peer_fail("the answer is another");
        isCompared = true;
        if (start > 0) peer_took(peer_now() - start);
        peer_count_shared(1);
        call();
    }

    Echo::Stub &stub;
    uint64_t number;
    uint64_t start = 0;
    bool isCompared = false;
    Message request, response;
    std::optional<grpc::ClientContext> context;
};

void run(const peer_options &options) {
    auto stub = Echo::NewStub(grpc::CreateChannel(options.address, grpc::InsecureChannelCredentials()));
    std::string payload(options.size, ' ');
    peer_fill(payload.data(), payload.size());
    std::deque<Lane> lanes;
    for (int number = 0; number < options.in_flight; number++) lanes.emplace_back(*stub, payload, number);
    peer_start_stopwatch();
    for (auto &lane : lanes) lane.call();
    for (;;) pause();
}

}  // namespace

int main(int count, char **arguments) {
    std::string about = "gRPC " + grpc::Version() + ", C++ callback API";
    const peer_options *options = peer_parse(count, arguments, about.c_str());
    if (options->serves) serve();
    else run(*options);
}
