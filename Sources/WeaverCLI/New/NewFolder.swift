import FoundationEssentials

/// Puts the files of a package into a folder: all of them, or none.
enum NewFolder {
    /// Makes the folder `path`, which is absolute, with these files in it. A folder that is there has to be empty.
    ///
    /// They are written into a folder beside it first, which is then given the name. An empty folder stays the one that it
    /// is, because a shell may be in it: the files are moved into it, and out of it again when that fails.
    static func create(_ path: String, _ files: [NewPackage.File]) throws(NewFolderError) {
        let (parent, name) = AbsolutePath.split(path)
        let isThere = try checkRoom(at: path, parent: parent)
        // Hidden, and like no name that a package can have.
        let draft = "\(parent)/.\(name).weaver-new-\(UInt32.random(in: 0 ... .max))"
        do {
            try write(files, to: draft)
            if isThere {
                try moveEntries(of: draft, to: path)
                try FileManager.default.removeItem(atPath: draft)
            } else {
                // Gives an error where something has come to be there meanwhile.
                try FileManager.default.moveItem(atPath: draft, toPath: path)
            }
        } catch {
            try? FileManager.default.removeItem(atPath: draft)
            throw NewFolderError(description: "\(path) was not made: \(reason(of: error))")
        }
    }

    /// Whether there is an empty folder of that path; throws when there is anything else but nothing.
    private static func checkRoom(at path: String, parent: String) throws(NewFolderError) -> Bool {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: parent, isDirectory: &isFolder), isFolder else {
            throw NewFolderError(description: "there is no folder \(parent)")
        }
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return false }
        guard isFolder else { throw NewFolderError(description: "\(path) is there already, and is no folder") }
        do {
            guard try FileManager.default.contentsOfDirectory(atPath: path).isEmpty else {
                throw NewFolderError(
                    description: "\(path) is there already, and is not empty; --path names another one")
            }
            return true
        } catch let error as NewFolderError {
            throw error
        } catch {
            throw NewFolderError(description: "\(path) cannot be read: \(reason(of: error))")
        }
    }

    private static func write(_ files: [NewPackage.File], to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        for file in files {
            let path = "\(folder)/\(file.path)"
            try FileManager.default.createDirectory(
                atPath: AbsolutePath.split(path).folder, withIntermediateDirectories: true)
            try Data(file.text.utf8).write(to: URL(filePath: path), options: .withoutOverwriting)
        }
    }

    private static func moveEntries(of draft: String, to folder: String) throws {
        var moved: [String] = []
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: draft) {
                try FileManager.default.moveItem(atPath: "\(draft)/\(name)", toPath: "\(folder)/\(name)")
                moved.append(name)
            }
        } catch {
            for name in moved { try? FileManager.default.removeItem(atPath: "\(folder)/\(name)") }
            throw error
        }
    }

    /// What went wrong, in the words of this command line where it has some.
    private static func reason(of error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case .fileWriteNoPermission, .fileReadNoPermission: "that is not allowed here"
        case .fileWriteFileExists: "something else has come to be there"
        case .fileWriteOutOfSpace: "there is no space left"
        case .fileWriteVolumeReadOnly: "nothing can be written here"
        default: "\(error)"
        }
    }
}

/// Why there is no new folder.
struct NewFolderError: Error, Equatable, CustomStringConvertible {
    var description: String
}
