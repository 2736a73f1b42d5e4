/// Finds the part of a slice that a key is in, without a division: see `SliceLoad.partStart(_:first:last:)`.
///
/// The part of key `first + offset` of a slice of n keys in 16 parts is ⌊(16 × offset + 15) / n⌋, which is ⌊(16 ×
/// offset + 15.5) / n⌋ as well. This multiplies by the reciprocal instead, rounded down to 64 significant bits
/// (Granlund, Montgomery 1994), so that the result is too small by less than 2^-59: exact for n below 2^58. In larger
/// slices the two keys after a boundary may be counted before it.
struct PartIndex: Sendable {
    let first: UInt64
    private let multiplier: UInt64
    private let shift: UInt8

    /// The parts of the keys from `first` to `last`, inclusive.
    init(first: UInt64, last: UInt64) {
        self.first = first
        let distance = last - first
        if distance < SliceLoad.parts {
            // A part for each key: a multiplier just below 1 and an addend below 1 give the offset itself.
            multiplier = .max
            shift = 0
        } else {
            // 2^64 keys, which have no room, have the reciprocal of one less.
            let keys = distance == .max ? distance : distance + 1
            let zeros = keys.leadingZeroBitCount
            multiplier = (keys << UInt64(zeros)).dividingFullWidth((high: 1 << 63 - 1, low: .max)).quotient
            shift = UInt8(59 - zeros)
        }
    }

    /// The part that `key`, which lies in the slice, is in.
    @inline(__always)
    subscript(key: UInt64) -> Int {
        let product = (key &- first).multipliedFullWidth(by: multiplier)
        let carry = product.low.addingReportingOverflow(multiplier - multiplier >> 5).overflow
        return Int(truncatingIfNeeded: (product.high &+ (carry ? 1 : 0)) &>> UInt64(shift))
    }
}
