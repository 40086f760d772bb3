package bridge

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"parley/store"
)

// Profile is what is known of a customer: by the record of the company, by what the customer's channels tell, and by what was said.
type Profile struct {
	Record    RecordID          `json:",omitempty"` // 0 means that there is no record yet
	Name      string            `json:",omitempty"` // of the record
	Salesman  string            `json:",omitempty"` // an agent's e-mail address
	Brands    []string          `json:",omitempty"`
	Assignees []string          `json:",omitempty"` // who gets new conversations, by e-mail address
	VisibleTo []string          `json:",omitempty"` // who alone may read new conversations, by e-mail address
	Fields    map[string]string `json:",omitempty"`
	Addresses []string          `json:",omitempty"` // of the record

	Called string        `json:",omitempty"` // how colleagues call the customer
	Told   []PartyRef    `json:",omitempty"` // the names and addresses that channels tell
	Links  []ProfileLink `json:",omitempty"`
	Notes  []LogRow      `json:",omitempty"` // the newest first
	Rows   []Facts       `json:",omitempty"` // conversations that the reader may read, the newest first
}

// Value returns the text of one of the RecordFields.
func (p *Profile) Value(key string) string {
	return RecordValue(store.Customer{
		Name: p.Name, Salesman: p.Salesman, Brands: p.Brands, Assignees: p.Assignees, VisibleTo: p.VisibleTo,
	}, key)
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

// maxCustomerLinks limits the links on a profile.
const maxCustomerLinks = 10

// placeholder matches where a link to another system gets a value of the customer's.
var placeholder = regexp.MustCompile(`\{\{(\w+)\}\}`)

// ParseCustomerLinks parses the setting customer_links: "Shop: https://shop.example/find?mail={{email}}" on each line. The URL of a result
// has placeholders.
func ParseCustomerLinks(text string) (links []ProfileLink, err error) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, pattern, _ := strings.Cut(line, ":")
		l := ProfileLink{Name: strings.TrimSpace(name), URL: strings.TrimSpace(pattern)}
		u, err := url.Parse(placeholder.ReplaceAllString(l.URL, "x"))
		switch {
		case l.Name == "" || err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
			return nil, fmt.Errorf("%q isn't a name and a link", line)
		case strings.Contains(strings.SplitN(l.URL, "/", 4)[2], "{{"):
			return nil, errors.New("the host of a link can't be the customer's")
		case len(links) == maxCustomerLinks:
			return nil, fmt.Errorf("there are more than %d links", maxCustomerLinks)
		}
		for _, found := range placeholder.FindAllStringSubmatch(l.URL, -1) {
			if found[1] != "email" && found[1] != "phone" && found[1] != "address" {
				return nil, fmt.Errorf("{{%s}} isn't known: a link may have {{email}}, {{phone}} and {{address}}", found[1])
			}
		}
		links = append(links, l)
	}
	return links, nil
}

// LinksTo returns the links for a customer with an address. Those that need a value which the address isn't are left out.
func LinksTo(links []ProfileLink, address string) (list []ProfileLink) {
	values := map[string]string{"address": address}
	if strings.Contains(address, "@") {
		values["email"] = address
	} else if strings.HasPrefix(address, "+") {
		values["phone"] = address
	}
	for _, l := range links {
		isComplete := true
		l.URL = placeholder.ReplaceAllStringFunc(l.URL, func(found string) string {
			value := values[strings.Trim(found, "{}")]
			isComplete = isComplete && value != ""
			return url.QueryEscape(value)
		})
		if isComplete {
			list = append(list, l)
		}
	}
	return list
}
