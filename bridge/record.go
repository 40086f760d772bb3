package bridge

import (
	"strings"
	"unicode/utf8"

	"parley/store"
)

// RecordField is what each record of a customer has beside the company's own fields, as it is called in files, typed and in forms.
type RecordField struct{ Key, Label, Hint string }

// The keys of RecordFields.
const (
	RecordName      = "name"
	RecordSalesman  = "salesman"
	RecordBrands    = "brands"
	RecordAssignees = "assignees"
	RecordVisible   = "visible"
)

// RecordFields returns them in the order in which people see them.
func RecordFields() []RecordField {
	return []RecordField{
		{RecordName, "Name", "Of the person or the company, in your records."},
		{RecordSalesman, "Salesman", "An agent's e-mail address."},
		{RecordBrands, "Brands", "Separated by semicolons."},
		{RecordAssignees, "Who gets new conversations", "Agents' e-mail addresses, separated by semicolons. They come before all rules."},
		{RecordVisible, "Who may read new conversations", "Agents' e-mail addresses, separated by semicolons. They need a team's " +
			"private channel with just them. Empty: all who may read the account."},
	}
}

// RecordValue returns the text of a field of a record.
func RecordValue(c store.Customer, key string) string {
	switch key {
	case RecordName:
		return c.Name
	case RecordSalesman:
		return c.Salesman
	case RecordBrands:
		return strings.Join(c.Brands, "; ")
	case RecordAssignees:
		return strings.Join(c.Assignees, "; ")
	default:
		return strings.Join(c.VisibleTo, "; ")
	}
}

// SetRecordValue changes one of the RecordFields. It returns false for another key.
func SetRecordValue(c *store.Customer, key, value string) (isKnown bool, problem *Problem) {
	list := []string{}
	for item := range strings.SplitSeq(value, ";") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	agents := make([]string, len(list))
	for i, email := range list {
		agents[i] = AddressKey(email)
		isAddress := strings.Contains(email, "@") && !strings.ContainsAny(email, " ,<>")
		if !isAddress && key != RecordName && key != RecordBrands {
			problem = &Problem{Code: "unknown_agent", Text: "“" + email + "” is no e-mail address of an agent.", Hint: "Write it as ben@acme.test."}
		}
	}
	switch key {
	case RecordName:
		if c.Name = strings.Join(strings.Fields(value), " "); utf8.RuneCountInString(c.Name) > LongestName {
			problem = &Problem{Code: "bad_name", Text: "The name is too long.", Hint: "It has at most 60 letters."}
		}
	case RecordSalesman:
		c.Salesman = strings.Join(agents, "")
		if len(agents) > 1 {
			problem = &Problem{Code: "unknown_agent", Text: "A customer has one salesman.", Hint: "Write it as ben@acme.test."}
		}
	case RecordBrands:
		c.Brands = list
	case RecordAssignees:
		c.Assignees = agents
	case RecordVisible:
		c.VisibleTo = agents
	default:
		return false, nil
	}
	return true, problem
}
