package mailbox

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// A mailbox is added in one of two ways, depending on how Parley signs in to it:
//
//	addTested      with a password, which is tested at the servers before anything is stored
//	addAtProvider  with OAuth: the mailbox is stored, and a person then gives consent at Google or Microsoft
//
// A new mailbox begins in watch mode, in which nothing is sent to customers.

// Names of the form's fields, which are also their paths in parley.yaml.
const (
	fieldAddress = "email.address"
	fieldSender  = "email.sender_name"
	fieldTeam    = "team"
	fieldOAuth   = "email.oauth"
)

// addTested signs in to both servers and adds the mailbox if that succeeds. With the parameter "untested" it skips the
// test; with "only_test" it doesn't add the mailbox.
func (p pages) addTested(v *web.Visit) error {
	s := p.newServers(v, "")
	s.From = v.Value("from")
	given := givenValues(v, slices.Concat(s.Kept, s.IMAP, s.SMTP))
	if missing := s.missingValues(given); len(missing) > 0 {
		return s.showAgain(v, missing)
	}
	completeServers(given)

	if wantsNoTest := v.Value("untested") != ""; wantsNoTest {
		return p.addAndLeave(v, s, given)
	}

	found, err := p.desk.TestSettings(v.Context(), given)
	if err != nil {
		return s.showFailure(v, err)
	}

	s.Reading, s.Sending = splitFindings(found)
	wantsOnlyTest := v.Value("only_test") != ""
	if wantsOnlyTest || !areAllOK(found) {
		return s.showAgain(v, nil)
	}
	return p.addAndLeave(v, s, given)
}

// addAndLeave adds the mailbox and redirects to its page or, if it is the first mailbox, back to the first steps.
func (p pages) addAndLeave(v *web.Visit, s *serversPage, given map[string][]string) error {
	before, err := p.desk.ListMailboxes(v.Context(), v.Person.ID)
	if err != nil {
		return err
	}

	added, err := p.add(v, s.Address, given)
	if err != nil {
		return s.showFailure(v, err)
	}

	next := pathOf(added.name)
	if len(before) == 0 {
		next = "/settings/first-steps"
	}
	return v.GoWithText(next, added.result.Sentences("The mailbox was added. It is in watch mode."))
}

// addAtProvider adds a mailbox with OAuth and shows the link to its provider.
func (p pages) addAtProvider(v *web.Visit) error {
	provider := v.Value("provider")
	s := p.newServers(v, provider)
	mailboxes, err := p.desk.ListMailboxes(v.Context(), v.Person.ID)
	if err != nil {
		return err
	}

	for _, m := range mailboxes {
		isSame := strings.EqualFold(m.Address, s.Address) && m.Provider == provider
		if isSame && !m.Connected { // an earlier attempt that was not finished at the provider
			return p.showProviderLink(v, m)
		}
	}

	given := givenValues(v, s.Kept)
	given[fieldOAuth] = []string{provider}
	added, err := p.add(v, s.Address, given)
	if err != nil {
		return s.showFailure(v, err)
	}

	return p.showProviderLink(v, Mailbox{
		Name:     added.name,
		Address:  s.Address,
		Provider: provider,
		Person:   s.Address,
	})
}

// addedMailbox is a mailbox that was just added.
type addedMailbox struct {
	name   string       // the name of its account
	result setup.Result // warnings and hints about it
}

// add stores a mailbox. It returns a *web.Problem if somebody adds one with the same name at the same moment, and the
// errors of setup.Save.
func (p pages) add(v *web.Visit, address string, given map[string][]string) (addedMailbox, error) {
	names, err := p.desk.ListNames(v.Context())
	if err != nil {
		return addedMailbox{}, err
	}

	name := freeName(address, names.Accounts)
	result, err := p.desk.Save(v.Context(), v.Person, setup.Change{
		Kind:    setup.EntryAccount,
		Name:    name,
		Channel: "email",
		Values:  given,
	})
	if errors.Is(err, setup.ErrExists) { // added after ListNames
		return addedMailbox{}, &web.Problem{
			Text: "Somebody added a mailbox called " + name + " just now.",
			Hint: "Look at the list of accounts whether it is this one; if it isn't, send this again.",
		}
	}
	if err != nil {
		return addedMailbox{}, err
	}

	return addedMailbox{name: name, result: result.About(name)}, nil
}

// givenValues returns the submitted values of a new mailbox by path. Empty ones are omitted.
func givenValues(v *web.Visit, fields []web.Field) map[string][]string {
	given := map[string][]string{"mode": {"watch"}}
	for _, f := range fields {
		value := v.Value(f.Name)
		if f.Kind == web.KindSecret {
			value = v.Request.PostFormValue(f.Name) // untrimmed: spaces may be part of a password
		}
		if value != "" {
			given[f.Name] = []string{value}
		}
	}
	return given
}

// completeServers fills in the SMTP server if it is empty: it defaults to the IMAP server. If the IMAP connection to
// the same server is explicitly unprotected, the SMTP connection is, too, unless its port implies a protection.
func completeServers(given map[string][]string) {
	value := func(name string) string { return strings.Join(given["email."+name], "") }
	if value("smtp.host") == "" && value("imap.host") != "" {
		given["email.smtp.host"] = given["email.imap.host"]
	}
	if value("smtp.security") != "" || value("imap.security") != "none" {
		return
	}
	hasUsualPort := value("smtp.port") == "465" || value("smtp.port") == "587"
	if !hasUsualPort && strings.EqualFold(value("smtp.host"), value("imap.host")) {
		given["email.smtp.security"] = given["email.imap.security"]
	}
}

// maxNameLength is the maximum length of an account's name.
const maxNameLength = 63

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// freeName derives an account's name from its address: help@acme.test becomes help. If that is taken, it becomes
// help-acme-test, then help-acme-test-2 and so on. taken are the names of all accounts.
func freeName(address string, taken []string) string {
	isFree := func(name string) bool {
		isTaken := func(t string) bool { return strings.EqualFold(t, name) }
		return !slices.ContainsFunc(taken, isTaken) && !slices.Contains([]string{"slack", "teams", "parley"}, name)
	}

	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	short, long := cleanName(local), cleanName(local+"-"+domain)
	isName := short != "" && len(short) <= maxNameLength
	if isName && isFree(short) {
		return short
	}

	if long == "" || len(long) > maxNameLength-len("-123") {
		long = "mailbox"
	}
	name := long
	for n := 2; !isFree(name); n++ {
		name = long + "-" + strconv.Itoa(n)
	}
	return name
}

// cleanName replaces characters that names can't have by "-".
func cleanName(s string) string { return strings.Trim(notInNames.ReplaceAllString(s, "-"), "-") }

// splitFindings splits findings into those about IMAP and those about SMTP.
func splitFindings(found []Finding) (reading, sending []Finding) {
	for _, f := range found {
		if strings.HasPrefix(f.What, "SMTP") {
			sending = append(sending, f)
		} else {
			reading = append(reading, f)
		}
	}
	return reading, sending
}

// areAllOK reports whether a test found no problem.
func areAllOK(found []Finding) bool {
	return !slices.ContainsFunc(found, func(f Finding) bool { return !f.OK })
}
