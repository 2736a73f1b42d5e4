/// What whoever has asked for a rolling restart hears of it, as lines for people. Codable: this is what goes over the
/// status socket, one line of JSON each.
package struct RestartProgress: Hashable, Sendable, Codable {
    /// How the restart stands.
    package enum Outcome: String, Hashable, Sendable, Codable {
        /// It goes on: more is going to be heard.
        case underWay
        /// All replicas have been replaced.
        case done
        /// It has ended before, or was refused: the replicas that have not been replaced serve on.
        case failed
    }

    package var outcome: Outcome
    /// One line, without its end.
    package var text: String

    package init(_ outcome: Outcome, _ text: String) {
        self.outcome = outcome
        self.text = text
    }

    /// Nobody is there who could restart anything.
    package static let refused = RestartProgress(.failed, "the deployment takes no restart")
}
