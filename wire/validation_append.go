package wire

// AppendJSON appends the answer.
func (a *ValidationResponse) AppendJSON(dst []byte) []byte {
	w := writer{dst}
	w.open()
	w.bool("valid", a.Valid)
	w.openList("redeemables")
	for i := range a.Redeemables {
		w.comma()
		a.Redeemables[i].append(&w)
	}
	w.closeList()
	if a.Order != nil {
		w.order("order", a.Order)
	}
	w.optStr("tracking_id", a.TrackingID)
	w.optTime("as_of", a.AsOf)
	a.StackingRules.append(&w)
	w.close()
	return w.buf
}

// AppendMinimal appends what "Prefer: return=minimal" asks for.
func (a *ValidationResponse) AppendMinimal(dst []byte) []byte {
	w := writer{dst}
	w.open()
	w.bool("valid", a.Valid)
	w.openList("redeemables")
	for i := range a.Redeemables {
		v := &a.Redeemables[i]
		w.comma()
		w.open()
		w.str("status", v.Status)
		w.str("id", v.ID)
		w.str("object", v.Object)
		w.openField("result")
		v.Result.appendGiftAndError(&w)
		w.close()
		w.close()
	}
	w.closeList()
	if a.Order != nil {
		w.name("order")
		a.Order.appendMinimal(&w)
	}
	w.close()
	return w.buf
}

func (v *RedeemableResult) append(w *writer) {
	w.open()
	w.str("status", v.Status)
	w.str("id", v.ID)
	w.str("object", v.Object)
	if v.Order != nil {
		w.order("order", v.Order)
	}
	w.openField("result")
	if v.Result.Discount != nil {
		w.name("discount")
		v.Result.Discount.append(w)
	}
	v.Result.appendGiftAndError(w)
	w.close()
	if v.Voucher != nil {
		w.name("voucher")
		v.Voucher.append(w)
	}
	w.optRaw("metadata", v.Metadata)
	w.close()
}

func (v *ResultDetails) appendGiftAndError(w *writer) {
	if v.Gift != nil {
		w.openField("gift")
		w.int("credits", v.Gift.Credits)
		w.optInt("balance", v.Gift.Balance)
		w.close()
	}
	if v.Error != nil {
		w.name("error")
		w.buf = v.Error.AppendJSON(w.buf)
	}
}

func (s *StackingRules) append(w *writer) {
	w.openField("stacking_rules")
	w.int("redeemables_limit", s.RedeemablesLimit)
	w.int("applicable_redeemables_limit", s.ApplicableLimit)
	w.int("applicable_redeemables_per_category_limit", s.ApplicablePerCategory)
	w.int("applicable_exclusive_redeemables_limit", s.ApplicableExclusive)
	w.int("applicable_exclusive_redeemables_per_category_limit", s.ApplicableExclusivePerCategory)
	w.strings("exclusive_categories", s.ExclusiveCategories)
	w.strings("joint_categories", s.JointCategories)
	w.str("redeemables_application_mode", s.ApplicationMode)
	w.str("redeemables_sorting_rule", s.SortingRule)
	w.close()
}

func (w *writer) strings(name string, values []string) {
	w.openList(name)
	for _, v := range values {
		w.comma()
		w.buf = appendString(w.buf, v)
	}
	w.closeList()
}

// AppendJSON appends the answer.
func (a *VoucherValidation) AppendJSON(dst []byte) []byte {
	w := writer{dst}
	w.open()
	w.bool("valid", a.Valid)
	w.str("code", a.Code)
	w.optStr("campaign", a.Campaign)
	w.optStr("campaign_id", a.CampaignID)
	if a.Discount != nil {
		w.name("discount")
		a.Discount.append(&w)
	}
	if a.Gift != nil {
		w.name("gift")
		a.Gift.append(&w)
	}
	if a.Order != nil {
		w.order("order", a.Order)
	}
	w.nullStr("tracking_id", a.TrackingID)
	w.optTime("start_date", a.StartDate)
	w.optTime("expiration_date", a.ExpirationDate)
	w.optRaw("metadata", a.Metadata)
	w.optStr("reason", a.Reason)
	if a.Error != nil {
		w.name("error")
		w.buf = a.Error.AppendJSON(w.buf)
	}
	w.close()
	return w.buf
}
