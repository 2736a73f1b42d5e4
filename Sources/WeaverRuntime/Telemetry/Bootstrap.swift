internal import CoreMetrics
internal import Logging
internal import Tracing
internal import WeaverCore

extension Weaver {
    /// What ``Weaver/run(components:bootstrapping:)`` makes the runtime the back end of.
    public struct BackEnds: OptionSet, Sendable {
        /// The bits.
        public let rawValue: UInt8

        /// The back ends with these bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// `LoggingSystem`, with ``Weaver/logHandler(label:)``.
        public static let logging = BackEnds(rawValue: 1)
        /// `MetricsSystem`, with ``Weaver/metrics``.
        public static let metrics = BackEnds(rawValue: 2)
        /// `InstrumentationSystem`, with ``Weaver/tracer``.
        public static let tracing = BackEnds(rawValue: 4)
        /// All of them.
        public static let all: BackEnds = [.logging, .metrics, .tracing]
    }
}

extension Weaver.BackEnds {
    /// What the program has bootstrapped by itself, as far as that can be seen: a bootstrapped `StreamLogHandler` looks like none.
    static var bootstrapped: Weaver.BackEnds {
        var found: Weaver.BackEnds = []
        let isDefault =
            Logger(label: "weaver").handler is StreamLogHandler && LoggingSystem.metadataProvider == nil
        if !isDefault { found.insert(.logging) }
        if !(MetricsSystem.factory is NOOPMetricsHandler) { found.insert(.metrics) }
        if !(InstrumentationSystem.instrument is NoOpInstrument) { found.insert(.tracing) }
        return found
    }

    /// Makes the runtime the back end of what nobody else is the back end of. `log` makes the handlers of loggers.
    func bootstrap(_ telemetry: Telemetry, log: @escaping @Sendable (String) -> any LogHandler) {
        let missing = subtracting(.bootstrapped)
        telemetry.lookForInstrument()
        if missing.contains(.logging) {
            TrapMessage.with(
                """
                weaver: LoggingSystem has been bootstrapped already, with a StreamLogHandler, which looks like none; \
                say so: Weaver.run(bootstrapping: [.metrics, .tracing])

                """
            ) {
                LoggingSystem.bootstrap(log)
            }
        }
        if missing.contains(.metrics) {
            TrapMessage.with(
                """
                weaver: MetricsSystem has been bootstrapped already, with NOOPMetricsHandler, which looks like none; \
                say so: Weaver.run(bootstrapping: [.logging, .tracing])

                """
            ) {
                MetricsSystem.bootstrap(WeaverMetricsFactory(telemetry.metrics))
            }
        }
        if missing.contains(.tracing) {
            TrapMessage.with(
                """
                weaver: InstrumentationSystem has been bootstrapped already, with NoOpInstrument, which looks like none; \
                say so: Weaver.run(bootstrapping: [.logging, .metrics])

                """
            ) {
                InstrumentationSystem.bootstrap(telemetry.tracer)
            }
        }
    }
}
