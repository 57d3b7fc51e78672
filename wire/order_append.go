package wire

func (o *Order) append(w *writer) {
	w.open()
	o.appendHead(w)
	if len(o.Items) > 0 {
		w.openList("items")
		for i := range o.Items {
			w.comma()
			w.open()
			o.Items[i].appendFields(w)
			w.close()
		}
		w.closeList()
	}
	w.optRaw("metadata", o.Metadata)
	w.close()
}

func (o *Order) appendHead(w *writer) {
	w.optStr("id", o.ID)
	w.optStr("source_id", o.SourceID)
	w.optStr("status", o.Status)
	w.optStr("currency", o.Currency)
	w.optInt("amount", o.Amount)
	w.optInt("initial_amount", o.InitialAmount)
	w.optInt("discount_amount", o.DiscountAmount)
}

func (t *OrderItem) appendFields(w *writer) {
	w.optStr("source_id", t.SourceID)
	w.optStr("product_id", t.ProductID)
	w.optStr("sku_id", t.SKUID)
	w.optStr("related_object", t.RelatedObject)
	w.optInt("quantity", t.Quantity)
	w.optInt("initial_quantity", t.InitialQuantity)
	w.optInt("discount_quantity", t.DiscountQuantity)
	w.optInt("price", t.Price)
	w.optInt("amount", t.Amount)
	w.optInt("initial_amount", t.InitialAmount)
	w.optInt("discount_amount", t.DiscountAmount)
	t.Product.append(w, "product")
	t.SKU.append(w, "sku")
	w.optRaw("metadata", t.Metadata)
}

func (p *ItemProduct) append(w *writer, name string) {
	if p.IsZero() {
		return
	}
	w.openField(name)
	w.optStr("id", p.ID)
	w.optStr("source_id", p.SourceID)
	w.optStr("name", p.Name)
	w.optStr("sku", p.SKU)
	w.optInt("price", p.Price)
	w.optBool("override", p.Override)
	w.optRaw("metadata", p.Metadata)
	w.close()
}
