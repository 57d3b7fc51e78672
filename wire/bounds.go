package wire

// The bounds of a message (P10). The size of a body as a whole is bounded by
// whoever reads it from the network, before anything here sees it.
const (
	// IntMax is the largest integer that every JSON implementation can carry:
	// JavaScript's Number.MAX_SAFE_INTEGER. Amounts and counts stay within it.
	IntMax = 1<<53 - 1

	// DepthMax is the deepest nesting of a body. The documented shapes need 7;
	// the rest is room for metadata. It keeps recursion off the stack's edge.
	DepthMax = 32

	// RedeemablesMax is Voucherify's documented ceiling for one request.
	RedeemablesMax = 30

	// OrderItemsMax is Voucherify's documented ceiling for the lines of an order.
	OrderItemsMax = 500

	// BatchMax is the number of items of POST /v1/redemptions/batch. A thousand
	// items of a few hundred bytes stay well under the body limit, and one batch
	// occupies a shard for a few milliseconds at most.
	BatchMax = 1000

	// IDBytesMax bounds ids, source ids and tracking ids. Ours have at most 24
	// characters; 255 is what an external system's key column usually holds.
	IDBytesMax = 255

	// TextBytesMax bounds names, reasons and other free text of a request.
	TextBytesMax = 1024

	// CodeBytesMax bounds a code before it is normalised: 512 bytes once
	// normalised, and as much again for white space that trimming removes.
	CodeBytesMax = 1024

	// KeyCharsMax is the longest idempotency key, as documented by Stripe and
	// expected by clients written for it.
	KeyCharsMax = 255

	// CSVLineBytesMax is the longest line of an imported CSV file. A quoted cell
	// may hold line breaks; the bound then applies to the whole row.
	CSVLineBytesMax = 1 << 20

	// CSVColumnsMax bounds the header row; unknown columns become metadata keys.
	CSVColumnsMax = 256
)
