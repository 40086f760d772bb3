package engine

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// (R-270.) An agent who answers several customers may type in the wrong thread: "Hi Maria, your parcel is here" in the
// thread of Dana. To keep the text from reaching Dana, its author is asked first. That happens only if a
// customer called Maria has an open conversation in the same chat channel, and if neither a colleague nor
// anybody in Dana's conversation is called Maria. The name that a colleague gave a customer (!rename) counts as
// the customer's own. A name that no customer has, such as a nickname, causes no question. Since "Hi Maria," may
// be a message of its own, the question also covers what the author types next, as long as it is open.
//
// The same question is asked about another customer's address or order number, and about a file that another customer sent.

const (
	maxGreetedWords = 4 // words of a greeting that ends with a name: "Good morning Mrs Rossi"
	maxGreeted      = 5 // conversations of customers with the name that are looked up

	// greetingLasts is how long after "Hi Maria," the author's next message may belong to the greeting.
	greetingLasts = 5 * time.Minute
)

// otherGreeted checks a text that would be sent to this conversation's customer. It returns another conversation
// whose customer the text, or one right before it, greets, and the reason to ask. The result has only the number and
// the thread, because the question must not show another customer's name. Its ID is 0 if there is no such conversation.
// Errors: the database's.
func otherGreeted(ctx context.Context, tx pgx.Tx, w *work, r Request) (other bridge.Facts, why bridge.Reason, err error) {
	names, before := doubtfulNames(w, r)
	marks := foreignMarks(w, r)
	if len(names)+len(before)+len(marks)+len(r.Files) == 0 {
		return other, "", nil
	}
	if decision, _ := Speak(w.speechOf(r)); decision != Out {
		return other, "", nil
	}

	open, err := store.NamesInChannel(ctx, tx, w.Reading.As(r.Agent), r.Surface, r.Place.Channel)
	if err != nil {
		return other, "", err
	}
	senders, err := otherSenders(ctx, tx, r, open)
	if err != nil {
		return other, "", err
	}
	var greeted []store.ConversationID
	reasons := map[store.ConversationID]bridge.Reason{}
	for _, row := range open {
		isCalled := func(names []string) bool {
			words := wordsToCompare(row.Name)
			return len(words) > 0 && (slices.Contains(names, words[0]) || slices.Contains(names, words[len(words)-1]))
		}
		isNew := row.ID != r.Conversation.ID && reasons[row.ID] == ""
		if !isNew || len(greeted) == maxGreeted {
			continue
		}
		switch {
		case isCalled(names):
			reasons[row.ID] = bridge.ReasonGreetsOther
		case isCalled(before):
			reasons[row.ID] = bridge.ReasonAfterGreeting
		case slices.ContainsFunc(marks, func(mark string) bool { return isOf(row, mark) }):
			reasons[row.ID] = bridge.ReasonNamesOther
		case slices.Contains(senders, row.ID):
			reasons[row.ID] = bridge.ReasonFileOfOther
		default:
			continue
		}
		greeted = append(greeted, row.ID)
	}

	homes, err := w.Reading.Homes(ctx, tx, greeted...)
	if err != nil {
		return other, "", err
	}
	for _, id := range greeted {
		home := homes[id] // the thread in which the conversation is worked on now
		isInChannel := home.AccountID == r.Surface && home.Channel == r.Place.Channel
		if isInChannel {
			root := bridge.Place{Channel: home.Channel, Thread: home.Root, Message: home.Root}
			return bridge.Facts{ID: id, Thread: bridge.Thread{Root: root}}, reasons[id], nil
		}
	}
	return other, "", nil
}

// doubtfulNames returns the names in a text's greeting that may belong to customers of other conversations, and those of
// an earlier greeting that the text may continue. A text that is marked as a reply, or greets its own customer, doesn't
// continue an earlier greeting.
func doubtfulNames(w *work, r Request) (names, before []string) {
	names = greetedNames(r.Text)
	given := bridge.PartyRef{Name: r.Conversation.Traits[bridge.TraitName]}
	isOwnCustomer := func(name string) bool { return isNamed(r.Conversation.Customer(), name) || isNamed(given, name) }
	isToCustomer := r.Explicit || slices.ContainsFunc(names, isOwnCustomer)
	if len(names) > 0 && isKnownPerson(w, r.Conversation, names) {
		names = nil
	}
	if isToCustomer {
		return names, nil
	}
	return names, openGreetings(w, r)
}

// openGreetings returns the names in the author's recent greetings in this thread about which the author is
// still being asked.
func openGreetings(w *work, r Request) (names []string) {
	for _, said := range w.Messages.Latest(r.Conversation) {
		m := w.Messages.Get(said.ID)
		isAsked := m != nil && m.Fate == store.FateAsk && m.Reason == bridge.ReasonGreetsOther
		if isAsked && isByAuthorOf(r, m) && w.Now.Sub(m.CreatedAt) < greetingLasts {
			names = append(names, greetedNames(m.Text)...)
		}
	}
	return names
}

// askAboutGreeting asks the author of a text whether it is for this conversation's customer. other is the
// conversation whose customer is greeted.
func askAboutGreeting(w *work, c *Conversation, m *Message, other bridge.Facts, why bridge.Reason) {
	m.Fate, m.Reason = store.FateAsk, why
	w.TellWith(c, m, bridge.Line{
		Content: &bridge.AskLine{Why: bridge.Because(why)},
		Other:   other,
		Verbs:   []bridge.Verb{bridge.VerbKeep, bridge.VerbSendThere, bridge.VerbSend},
		Args:    bridge.Args{Note: "#" + strconv.FormatInt(int64(other.ID), 10)},
	})
}

// greetedNames returns the words of a greeting that may be a name, normalised by wordsToCompare: "maria" for
// "Hi Maria, …", "Good morning Maria!" and "Hi Maria your parcel …", "rossi" for "Dear Mrs Rossi, …".
func greetedNames(text string) (names []string) {
	called := wordsToCompare(nameAtBeginning(text))
	if len(called) > 0 && len(called) <= maxGreetedWords {
		names = append(names, called[len(called)-1])
	}

	words := strings.Fields(text)
	if len(words) > 1 && bridge.IsGreeting(strings.ToLower(words[0])) {
		first, _ := utf8.DecodeRuneInString(words[1])
		looksLikeName := unicode.IsUpper(first) // unlike in "ok will do"
		if looksLikeName {
			names = append(names, wordsToCompare(words[1])...)
		}
	}
	return slices.DeleteFunc(names, bridge.IsGreeting)
}

// foreignMarks returns the addresses and the order numbers in a text that don't occur in the conversation, in lower case.
func foreignMarks(w *work, r Request) (marks []string) {
	found := customersMark.FindAllString(strings.ToLower(r.Text), speechMaxMarks)
	if len(found) == 0 {
		return nil
	}
	known := strings.ToLower(strings.Join(saidWith(w, r.Conversation), "\n"))
	return slices.DeleteFunc(found, func(mark string) bool { return strings.Contains(known, mark) })
}

// otherSenders returns those of the open conversations whose customers sent a file that is in the text, unless this conversation's
// customer sent it as well. A file is known by its name and its size, since its bytes are in the chat.
func otherSenders(ctx context.Context, tx pgx.Tx, r Request, open []store.NamedConversation) ([]store.ConversationID, error) {
	var names []string
	var sizes []int64
	for _, f := range r.Files {
		if f.SizeBytes > 0 {
			names, sizes = append(names, f.Name), append(sizes, f.SizeBytes)
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	among := []store.ConversationID{r.Conversation.ID}
	for _, row := range open {
		among = append(among, row.ID)
	}
	senders, err := store.HoldersOfFiles(ctx, tx, among, names, sizes)
	if slices.Contains(senders, r.Conversation.ID) {
		return nil, err
	}
	return senders, err
}

// customersMark matches an address, or a number as orders have it.
var customersMark = regexp.MustCompile(`[^\s<>()"',;:]+@[a-z0-9.-]+\.[a-z]+|[a-z]{0,4}-?\d[\d-]{3,}`)

const speechMaxMarks = 5

// isOf reports whether an address or a number is of a conversation's customer.
func isOf(row store.NamedConversation, mark string) bool {
	return strings.EqualFold(row.Key, mark) || slices.ContainsFunc(strings.Split(row.References, "\n"), func(reference string) bool {
		return strings.HasSuffix(strings.ToLower(reference), " "+mark)
	})
}

// saidWith returns the names, addresses and texts of a conversation.
func saidWith(w *work, c *Conversation) []string {
	known := []string{c.Customer().Address, c.Subject, c.Traits[bridge.TraitName], c.Traits[bridge.TraitReferences]}
	for _, p := range c.Participants {
		known = append(known, p.Name, p.Key)
	}
	for _, m := range w.Messages.Latest(c) {
		if m.Direction != store.DirectionNote {
			known = append(known, m.Subject, m.CurrentText())
		}
	}
	return known
}

// isKnownPerson reports whether one of the names belongs to a colleague or to somebody in the conversation. A
// name also counts if it occurs in the subject or in a recent message, since the customer may have signed with
// it or may have been greeted by it before.
func isKnownPerson(w *work, c *Conversation, names []string) bool {
	customer := c.Customer()
	known := append(saidWith(w, c), customer.Name, customer.Address)
	for _, agent := range w.Dir.Agents {
		if words := wordsToCompare(agent.Name); agent.Active && len(words) > 0 {
			known = append(known, words[0])
		}
	}

	words := wordsToCompare(strings.Join(known, " "))
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(words, name) })
}
