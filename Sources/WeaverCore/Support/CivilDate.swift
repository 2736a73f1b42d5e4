/// A day of the Gregorian calendar.
package struct CivilDate: Equatable, Sendable {
    /// The year; 0 and less before the common era.
    package var year: Int64
    /// 1 to 12.
    package var month: Int64
    /// 1 to 31.
    package var day: Int64

    /// The date of a day counted from 1 January 1970. Howard Hinnant's `civil_from_days`: the year is thought to begin in
    /// March, so that the leap day is its last and the lengths of the months follow one line.
    package init(daysSince1970 days: Int64) {
        let sinceMarch0000 = days + 719_468
        let daysInEra: Int64 = 146_097
        let remainder = sinceMarch0000 % daysInEra
        let dayOfEra = remainder < 0 ? remainder + daysInEra : remainder
        let era = (sinceMarch0000 - dayOfEra) / daysInEra
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}
