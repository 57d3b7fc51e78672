package coupon
const UnicodeVersion = "15.0.0"
var unicodeRefused, unicodeWhiteSpace, unicodeCombining [1]runeRange
var unicodeCompositions [1]composition
var unicodeDecomposition, unicodeFolding runeMapping
