internal import WeaverCLI

@main
enum Weaver {
    static func main() async {
        await WeaverCommand.main()
    }
}
