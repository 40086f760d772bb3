package bridge

// Profile is what is known of a customer: by the record of the company, by what the customer's channels tell, and by what was said.
type Profile struct {
	Record    RecordID          `json:",omitempty"` // 0 means that there is no record yet
	Name      string            `json:",omitempty"` // of the record
	Salesman  string            `json:",omitempty"` // an agent's e-mail address
	Brands    []string          `json:",omitempty"`
	Assignees []string          `json:",omitempty"` // who gets new conversations, by e-mail address
	Fields    map[string]string `json:",omitempty"`
	Addresses []string          `json:",omitempty"` // of the record

	Called string        `json:",omitempty"` // how colleagues call the customer
	Told   []PartyRef    `json:",omitempty"` // the names and addresses that channels tell
	Links  []ProfileLink `json:",omitempty"`
	Notes  []LogRow      `json:",omitempty"` // the newest first
	Rows   []Facts       `json:",omitempty"` // conversations that the reader may read, the newest first
}

// ProfileLink leads to the customer in another system.
type ProfileLink struct{ Name, URL string }

// ProfileLine shows a profile.
type ProfileLine struct{ Profile }

// Kind implements LineContent.
func (*ProfileLine) Kind() LineKind { return LineProfile }

// RecordRef is a record from which people choose.
type RecordRef struct {
	ID        RecordID
	Name      string   `json:",omitempty"`
	Addresses []string `json:",omitempty"` // the first ones
}

// RecordsLine lists records to which the customer can be linked.
type RecordsLine struct {
	Records []RecordRef `json:",omitempty"`
}

// Kind implements LineContent.
func (*RecordsLine) Kind() LineKind { return LineRecords }
