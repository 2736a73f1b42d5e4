/// IMF-fixdate (RFC 9110 section 5.6.7), the form of the Date field.
package enum HTTPDate {
    /// The date of a time in seconds since 1970, which the caller read from its clock.
    package static func format(secondsSinceEpoch seconds: Int64) -> [UInt8] {
        let days = seconds.floorDivided(by: 86400)
        let second = Int(seconds - days * 86400)
        let date = CivilDate(daysSince1970: days)
        let weekday = Int((days + 4) - (days + 4).floorDivided(by: 7) * 7)
        let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let time = "\(padded(second / 3600)):\(padded(second / 60 % 60)):\(padded(second % 60))"
        return Array(
            "\(weekdays[weekday]), \(padded(Int(date.day))) \(months[Int(date.month) - 1]) \(date.year) \(time) GMT"
                .utf8)
    }

    /// The names of the months in dates on the wire and in logs, which are English everywhere.
    static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func padded(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}

extension Int64 {
    /// The quotient rounded down, so that what is before 1970 counts from its own second and day.
    func floorDivided(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
