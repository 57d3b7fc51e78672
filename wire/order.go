package wire

// Values of Order.Status in a request.
const (
	OrderCreated   = "CREATED"
	OrderPaid      = "PAID"
	OrderCanceled  = "CANCELED"
	OrderFulfilled = "FULFILLED"
)

var orderStatuses = []string{OrderCreated, OrderPaid, OrderCanceled, OrderFulfilled}

// Order is the cart of a request. Amounts are minor units of the currency.
type Order struct {
	ID       string `json:"id,omitempty" max:"255"`
	SourceID string `json:"source_id,omitempty" max:"255"`
	Status   string `json:"status,omitempty" enum:"CREATED,PAID,CANCELED,FULFILLED"`
	// Currency is ours: ISO 4217; absent means the project's.
	Currency       string      `json:"currency,omitempty" check:"currency"`
	Amount         Opt[int64]  `json:"amount,omitzero"`
	InitialAmount  Opt[int64]  `json:"initial_amount,omitzero"`
	DiscountAmount Opt[int64]  `json:"discount_amount,omitzero"`
	Items          []OrderItem `json:"items,omitempty"`
	Metadata       Raw         `json:"metadata,omitempty"`
}

// OrderItem is a line of the cart. Price is for one unit, Amount for the line.
type OrderItem struct {
	SourceID         string      `json:"source_id,omitempty" max:"255"`
	ProductID        string      `json:"product_id,omitempty" max:"255"`
	SKUID            string      `json:"sku_id,omitempty" max:"255"`
	RelatedObject    string      `json:"related_object,omitempty" enum:"product,sku"`
	Quantity         Opt[int64]  `json:"quantity,omitzero"`
	InitialQuantity  Opt[int64]  `json:"initial_quantity,omitzero"`
	DiscountQuantity Opt[int64]  `json:"discount_quantity,omitzero"`
	Price            Opt[int64]  `json:"price,omitzero"`
	Amount           Opt[int64]  `json:"amount,omitzero"`
	InitialAmount    Opt[int64]  `json:"initial_amount,omitzero"`
	DiscountAmount   Opt[int64]  `json:"discount_amount,omitzero"`
	Product          ItemProduct `json:"product,omitzero"`
	SKU              ItemProduct `json:"sku,omitzero"`
	Metadata         Raw         `json:"metadata,omitempty"`
}

// ItemProduct describes a line's product or SKU where it is bought.
type ItemProduct struct {
	ID       string     `json:"id,omitempty" max:"255"`
	SourceID string     `json:"source_id,omitempty" max:"255"`
	Name     string     `json:"name,omitempty"`
	SKU      string     `json:"sku,omitempty"`
	Price    Opt[int64] `json:"price,omitzero"`
	Override Opt[bool]  `json:"override,omitzero"`
	Metadata Raw        `json:"metadata,omitempty"`
}

// IsZero reports an absent or empty product.
func (p ItemProduct) IsZero() bool {
	return p.ID == "" && p.SourceID == "" && p.Name == "" && p.SKU == "" &&
		!p.Price.Set && !p.Override.Set && len(p.Metadata) == 0
}

var (
	orderFields = fieldNames{"id", "source_id", "status", "currency", "amount",
		"initial_amount", "discount_amount", "items", "metadata"}
	itemFields = fieldNames{"source_id", "product_id", "sku_id", "related_object", "quantity",
		"initial_quantity", "discount_quantity", "price", "amount", "initial_amount",
		"discount_amount", "product", "sku", "metadata"}
	productFields  = fieldNames{"id", "source_id", "name", "sku", "price", "override", "metadata"}
	relatedObjects = []string{"product", "sku"}
)

func (o *Order) decode(r *reader, space *[]byte) *FieldError {
	f := r.object(orderFields)
	for f.next() {
		switch f.index {
		case 0:
			f.done(r.text(&o.ID, IDBytesMax))
		case 1:
			f.done(r.text(&o.SourceID, IDBytesMax))
		case 2:
			f.done(r.enum(&o.Status, orderStatuses))
		case 3:
			f.done(r.currency(&o.Currency))
		case 4:
			f.done(r.amount(&o.Amount))
		case 5:
			f.done(r.amount(&o.InitialAmount))
		case 6:
			f.done(r.amount(&o.DiscountAmount))
		case 7:
			f.done(o.decodeItems(r, space))
		case 8:
			f.done(r.raw(&o.Metadata, space))
		}
	}
	return f.err
}

func (o *Order) decodeItems(r *reader, space *[]byte) *FieldError {
	list := r.array(OrderItemsMax)
	for list.next() {
		o.Items = append(o.Items, OrderItem{})
		list.done(o.Items[list.index].decode(r, space))
	}
	return list.err
}

func (t *OrderItem) decode(r *reader, space *[]byte) *FieldError {
	f := r.object(itemFields)
	for f.next() {
		switch f.index {
		case 0:
			f.done(r.text(&t.SourceID, IDBytesMax))
		case 1:
			f.done(r.text(&t.ProductID, IDBytesMax))
		case 2:
			f.done(r.text(&t.SKUID, IDBytesMax))
		case 3:
			f.done(r.enum(&t.RelatedObject, relatedObjects))
		case 4:
			f.done(r.amount(&t.Quantity))
		case 5:
			f.done(r.amount(&t.InitialQuantity))
		case 6:
			f.done(r.amount(&t.DiscountQuantity))
		case 7:
			f.done(r.amount(&t.Price))
		case 8:
			f.done(r.amount(&t.Amount))
		case 9:
			f.done(r.amount(&t.InitialAmount))
		case 10:
			f.done(r.amount(&t.DiscountAmount))
		case 11:
			f.done(t.Product.decode(r, space))
		case 12:
			f.done(t.SKU.decode(r, space))
		case 13:
			f.done(r.raw(&t.Metadata, space))
		}
	}
	return f.err
}

func (p *ItemProduct) decode(r *reader, space *[]byte) *FieldError {
	f := r.object(productFields)
	for f.next() {
		switch f.index {
		case 0:
			f.done(r.text(&p.ID, IDBytesMax))
		case 1:
			f.done(r.text(&p.SourceID, IDBytesMax))
		case 2:
			f.done(r.text(&p.Name, TextBytesMax))
		case 3:
			f.done(r.text(&p.SKU, TextBytesMax))
		case 4:
			f.done(r.amount(&p.Price))
		case 5:
			f.done(r.optBool(&p.Override))
		case 6:
			f.done(r.raw(&p.Metadata, space))
		}
	}
	return f.err
}

// currency reads three letters. Which currencies exist is not known here.
func (r *reader) currency(dst *string) *FieldError {
	if err := r.text(dst, IDBytesMax); err != nil {
		return err
	}
	return checkCurrency(*dst)
}

func checkCurrency(s string) *FieldError {
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return fieldErr(KeyInvalidPayload, "", "must be a currency code like EUR")
		}
	}
	if len(s) != 3 {
		return fieldErr(KeyInvalidPayload, "", "must be a currency code like EUR")
	}
	return nil
}
