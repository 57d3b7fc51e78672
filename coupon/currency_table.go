package coupon
var currencyTable = [...]currencyRow{{"USD", 840, 2}}
