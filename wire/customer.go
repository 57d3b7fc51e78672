package wire

// Customer is the customer part of a request, and the whole body of a customer
// create. A customer is found by ID, else by SourceID, and made when there is
// none; profile fields that are present replace the stored ones.
type Customer struct {
	ID          string  `json:"id,omitempty" max:"255"`
	SourceID    string  `json:"source_id,omitempty" max:"255"`
	Name        string  `json:"name,omitempty"`
	Description string  `json:"description,omitempty"`
	Email       string  `json:"email,omitempty"`
	Phone       string  `json:"phone,omitempty"`
	Birthdate   string  `json:"birthdate,omitempty"`
	Birthday    string  `json:"birthday,omitempty"`
	Address     Address `json:"address,omitzero"`
	Metadata    Raw     `json:"metadata,omitempty"`
}

// Address is a postal address. Its fields stand in the order of their names, as
// a canonical object has them.
type Address struct {
	City       string `json:"city,omitempty"`
	Country    string `json:"country,omitempty"`
	Line1      string `json:"line_1,omitempty"`
	Line2      string `json:"line_2,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	State      string `json:"state,omitempty"`
}

var (
	customerFields = fieldNames{"id", "source_id", "name", "description", "email", "phone",
		"birthdate", "birthday", "address", "metadata"}
	addressFields = fieldNames{"city", "country", "line_1", "line_2", "postal_code", "state"}
)

func (c *Customer) decode(r *reader, space *[]byte) *FieldError {
	f := r.object(customerFields)
	for f.next() {
		switch f.index {
		case 0:
			f.done(r.text(&c.ID, IDBytesMax))
		case 1:
			f.done(r.text(&c.SourceID, IDBytesMax))
		case 2:
			f.done(r.text(&c.Name, TextBytesMax))
		case 3:
			f.done(r.text(&c.Description, TextBytesMax))
		case 4:
			f.done(r.text(&c.Email, TextBytesMax))
		case 5:
			f.done(r.text(&c.Phone, TextBytesMax))
		case 6:
			f.done(r.text(&c.Birthdate, TextBytesMax))
		case 7:
			f.done(r.text(&c.Birthday, TextBytesMax))
		case 8:
			f.done(c.Address.decode(r))
		case 9:
			f.done(r.raw(&c.Metadata, space))
		}
	}
	return f.err
}

func (a *Address) decode(r *reader) *FieldError {
	into := [...]*string{&a.City, &a.Country, &a.Line1, &a.Line2, &a.PostalCode, &a.State}
	f := r.object(addressFields)
	for f.next() {
		f.done(r.text(into[f.index], TextBytesMax))
	}
	return f.err
}

// HasProfile reports whether c says more than who the customer is.
func (c *Customer) HasProfile() bool {
	return c.Name != "" || c.Description != "" || c.Email != "" || c.Phone != "" || c.Birthdate != "" ||
		c.Birthday != "" || c.Address != (Address{}) || len(c.Metadata) > 0
}

// AppendProfile appends everything but ID and SourceID as one canonical object
// (W7): the bytes that are sealed and stored. DecodeProfile reads them back.
func (c *Customer) AppendProfile(dst []byte) []byte {
	w := writer{dst}
	w.open()
	c.Address.append(&w)
	w.optStr("birthdate", c.Birthdate)
	w.optStr("birthday", c.Birthday)
	w.optStr("description", c.Description)
	w.optStr("email", c.Email)
	w.optRaw("metadata", c.Metadata)
	w.optStr("name", c.Name)
	w.optStr("phone", c.Phone)
	w.close()
	return w.buf
}

// DecodeProfile sets the profile fields of c from what AppendProfile wrote. The
// strings alias profile.
func (c *Customer) DecodeProfile(profile []byte) error {
	var r reader
	if err := r.start(profile); err != nil {
		return err
	}
	next := Customer{ID: c.ID, SourceID: c.SourceID}
	var space []byte
	if err := r.finish(next.decode(&r, &space)); err != nil {
		return err
	}
	next.ID, next.SourceID = c.ID, c.SourceID
	*c = next
	return nil
}

func (c *Customer) append(w *writer) {
	w.open()
	w.optStr("id", c.ID)
	w.optStr("source_id", c.SourceID)
	w.optStr("name", c.Name)
	w.optStr("description", c.Description)
	w.optStr("email", c.Email)
	w.optStr("phone", c.Phone)
	w.optStr("birthdate", c.Birthdate)
	w.optStr("birthday", c.Birthday)
	c.Address.append(w)
	w.optRaw("metadata", c.Metadata)
	w.close()
}

func (a *Address) append(w *writer) {
	if *a == (Address{}) {
		return
	}
	w.openField("address")
	w.optStr("city", a.City)
	w.optStr("country", a.Country)
	w.optStr("line_1", a.Line1)
	w.optStr("line_2", a.Line2)
	w.optStr("postal_code", a.PostalCode)
	w.optStr("state", a.State)
	w.close()
}
