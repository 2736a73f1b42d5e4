internal import WeaverCore

/// Something that a config says, and a process that embeds the runtime does not do, or cannot make out.
package struct ConfigNote: Equatable, Sendable, CustomStringConvertible {
    /// Whether there is something to be done about it; the rest is for others who read the same file.
    package let isWarning: Bool
    /// `weaver.toml:12: ...`, with what is to be done.
    package let description: String

    static func warning(_ error: ConfigError) -> ConfigNote {
        ConfigNote(isWarning: true, description: error.description)
    }
}

extension CheckedConfig {
    /// What it says that nobody does in a process which runs the components of `registry` beside other things: the file may be
    /// one that deploys the application, too.
    ///
    /// - Parameter environment: the process's.
    func embeddingNotes(_ registry: ComponentRegistry, environment: [String: String]) -> [ConfigNote] {
        let running = Set(registry.records.values.flatMap(\.listeners))
        let warnings = config.unkeptTelemetry + config.unsetVariables(environment) + config.freePorts(running)
        return warnings.map(ConfigNote.warning) + forOthers(registry, running)
    }

    /// One note of everything that is only for processes which the command line starts.
    private func forOthers(_ registry: ComponentRegistry, _ running: Set<String>) -> [ConfigNote] {
        let warned = Set(config.freePorts(running).map(\.line))
        var paths = config.deploymentKeys
        for name in config.listenerNames {
            let isUsed =
                name.path.first == "multi"
                ? warned.contains(config.line(of: name.path + ["address"])) : running.contains(name.text)
            if !isUsed { paths.append(name.path) }
        }
        paths += sectionPaths.filter { registry.records[$0.key] == nil }.map(\.value)
        guard !paths.isEmpty else { return [] }
        let places = paths.map { (line: config.line(of: $0) ?? 0, name: $0.joined(separator: ".")) }
            .sorted { $0 < $1 }
        let list = places.map { "\($0.name) (line \($0.line))" }.joined(separator: ", ")
        let text = "\(config.file): for processes that weaver starts, not used here: \(list)"
        return [ConfigNote(isWarning: false, description: text)]
    }
}

extension AppConfig {
    fileprivate func line(of path: [String]) -> Int? { source.lines.line(of: path) }
    private func has(_ path: [String]) -> Bool { source.lines.contains(path) }

    /// The keys of the file that have a meaning between processes only.
    fileprivate var deploymentKeys: [[String]] {
        let weaver = ConfigReader.weaverKeys.filter { !["name", "env"].contains($0) }.map { ["weaver", $0] }
        let multi = ConfigReader.deployerKeys.filter { $0 != "listeners" }.map { ["multi", $0] }
        return (weaver + multi).filter(has)
    }

    /// `[single] metrics` and traces: those of a process are its own, and so is the choice of back ends.
    fileprivate var unkeptTelemetry: [ConfigError] {
        let advice = [
            "metrics": "answer GET /metrics with Weaver.metricsText(application:)",
            "traces": "call Weaver.recordTraces(toFile:application:tracesPerSecond:)",
            "traces_per_second": "call Weaver.recordTraces(toFile:application:tracesPerSecond:)",
        ]
        return TelemetryOptions.keys.filter { has(["single", $0]) }.map { key in
            source.error(
                at: ["single", key],
                "single.\(key) is for a process of the runtime's own, an embedded service does not use it: "
                    + "\(advice[key] ?? "do it in the service"), and remove the key")
        }
    }

    /// `[weaver] env`, as far as the process does not have it anyway.
    fileprivate func unsetVariables(_ present: [String: String]) -> [ConfigError] {
        environment.compactMap { entry in
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard present[String(parts[0])] != parts.dropFirst().first.map(String.init) else { return nil }
            // By its name alone: the value may be a password, and logs are read by more people.
            return source.error(
                at: ["weaver", "env"],
                "weaver.env sets \(parts[0]), which this process does not have so: an embedded service changes no "
                    + "environment, set it where the process is started")
        }
    }

    /// The listeners of `running` that have an address for deployments only.
    fileprivate func freePorts(_ running: Set<String>) -> [ConfigError] {
        running.sorted().compactMap { name in
            let path = ["multi", "listeners", name, "address"]
            guard has(path), !has(["single", "listeners", name, "address"]) else { return nil }
            return source.error(
                at: path,
                "multi.listeners.\(name).address is the proxy's, an embedded service listens at any free port: "
                    + "set [single.listeners.\(name)] address, too")
        }
    }
}
