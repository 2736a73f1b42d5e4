import ArgumentParser
import FoundationEssentials
import WeaverLoop
import WeaverRuntime

/// What a shell offers where the name of something that runs is asked for. The shell asks for all of it and keeps what
/// fits what was typed.
enum RunningNames {
    /// Deployments: the files of the registry are read, and nobody is asked.
    static let deployments = CompletionKind.custom { _, _, _ in
        deployments(registry.entries().filter(\.isDeployerAlive))
    }

    /// Components of the deployments that run. They are asked, which takes ``StatusClient/answerTimeout`` at most.
    static let components = CompletionKind.custom { _, _, _ async in
        guard let loop = try? EventLoop() else { return [] }
        defer { loop.stop() }
        let running = await registry.list(loop: loop)
        return components(running.flatMap { $0.status?.groups.flatMap(\.components) ?? [] })
    }

    private static var registry: DeploymentRegistry {
        DeploymentRegistry.ofUser(environment: ProcessInfo.processInfo.environment)
    }

    /// The names of applications of which one deployment runs, and the ids of all.
    static func deployments(_ entries: [DeploymentRegistry.Entry]) -> [String] {
        let counts = Dictionary(entries.map { ($0.app, 1) }, uniquingKeysWith: +)
        return counts.filter { $0.value == 1 }.keys.sorted() + entries.map(\.deployment)
    }

    /// The short name of each component where it is unique, otherwise the full one.
    static func components(_ full: [String]) -> [String] {
        let full = Set(full)
        let names = ComponentNames(full.sorted())
        return full.map { name in
            let short = name.split(separator: ".").last.map(String.init) ?? name
            return names.meaning(of: short) == .component(name) ? short : name
        }.sorted()
    }
}
