/// The section of a component that reads or writes the shop's data.
struct DataConfig: Codable, Sendable {
    /// The folder of the data.
    var data: String
}
