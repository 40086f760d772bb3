package speech

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// An agent who answers several customers may type in the wrong thread: "Hi Maria, your parcel is here" in the thread of Dana. Such a
// text would reach Dana. So its author is asked first, but only if nobody in Dana's conversation has that name, no colleague has it, and
// a customer has it whose open conversation is worked on in the same channel. A name that nobody has, such as a nickname, asks nothing.
// What the author types next is asked about, too, as long as the first question is open: "Hi Maria," may be a message of its own.

const (
	maxGreetedWords = 4 // words of a greeting that has a name at its end: "Good morning Mrs Rossi"
	maxGreeted      = 5 // conversations whose customers have the name of which it is read where they are worked on

	// greetingLasts is how long what its author types behind a greeting may belong to it: "Hi Maria," and the rest as another message.
	greetingLasts = 5 * time.Minute
)

// otherGreeted returns another conversation whose customer a typed text greets, though it would leave for this one's. It has only
// the number and the thread: a line of this conversation keeps no name of another customer. The ID is 0 if there is none.
// Errors: the database's.
func otherGreeted(ctx context.Context, tx pgx.Tx, sp *UseCases, r book.Request) (other bridge.Facts, err error) {
	names := greetedNames(r.Text)
	isToCustomer := r.Explicit || slices.ContainsFunc(names, func(name string) bool { return isNamed(r.Conversation.Customer(), name) })
	if len(names) > 0 && isKnownPerson(sp, r.Conversation, names) {
		names = nil
	}
	if !isToCustomer {
		names = append(names, openGreetings(sp, r)...)
	}
	if len(names) == 0 {
		return other, nil
	}
	if decision, _ := Speak(sp.speechOf(r)); decision != Out {
		return other, nil
	}

	open, err := store.NamesInChannel(ctx, tx, sp.Reading.As(r.Agent), r.Surface, r.Place.Channel)
	if err != nil {
		return other, err
	}
	var greeted []store.ConversationID
	for _, row := range open {
		words := wordsToCompare(row.Name)
		isGreeted := len(words) > 0 && (slices.Contains(names, words[0]) || slices.Contains(names, words[len(words)-1]))
		if isGreeted && row.ID != r.Conversation.ID && len(greeted) < maxGreeted {
			greeted = append(greeted, row.ID)
		}
	}

	homes, err := sp.Reading.Homes(ctx, tx, greeted...)
	if err != nil {
		return other, err
	}
	for _, id := range greeted {
		t := homes[id]
		if isHere := t.AccountID == r.Surface && t.Channel == r.Place.Channel; isHere { // it wasn't handed over
			root := bridge.Place{Channel: t.Channel, Thread: t.Root, Message: t.Root}
			return bridge.Facts{ID: id, Thread: bridge.Thread{Root: root}}, nil
		}
	}
	return other, nil
}

// openGreetings returns the names that the author of a text has greeted here just before, in texts about which the author is still asked.
func openGreetings(sp *UseCases, r book.Request) (names []string) {
	for _, said := range r.Conversation.Last {
		m := sp.Messages.Rows[said.ID]
		isAsked := m != nil && m.Fate == store.FateAsk && m.Reason == bridge.ReasonGreetsOther
		if isAsked && isByAuthorOf(r, m) && sp.Now.Sub(m.CreatedAt) < greetingLasts {
			names = append(names, greetedNames(m.Text)...)
		}
	}
	return names
}

// askAboutGreeting asks the author of a text that greets the customer of another conversation whether it is for this one's.
func askAboutGreeting(sp *UseCases, c *book.Conversation, m *book.Message, other bridge.Facts) {
	m.Fate, m.Reason = store.FateAsk, bridge.ReasonGreetsOther
	sp.TellWith(c, m, bridge.Line{
		Content: &bridge.AskLine{Why: bridge.Because(bridge.ReasonGreetsOther)},
		Other:   other,
		Verbs:   []bridge.Verb{bridge.VerbKeep, bridge.VerbSend},
	})
}

// greetedNames returns the words, as wordsToCompare has them, that may be the first or last name of whom a text greets: "maria" for
// "Hi Maria, …", "Good morning Maria!" and "Hi Maria your parcel …", "rossi" for "Dear Mrs Rossi, …".
func greetedNames(text string) (names []string) {
	called := wordsToCompare(nameAtBeginning(text))
	if len(called) > 0 && len(called) <= maxGreetedWords {
		names = append(names, called[len(called)-1])
	}

	words := strings.Fields(text)
	if len(words) > 1 && bridge.IsGreeting(strings.ToLower(words[0])) {
		first, _ := utf8.DecodeRuneInString(words[1])
		if isLikeName := unicode.IsUpper(first); isLikeName { // "ok will do" greets nobody
			names = append(names, wordsToCompare(words[1])...)
		}
	}
	return slices.DeleteFunc(names, bridge.IsGreeting)
}

// isKnownPerson reports whether one of the names belongs to a colleague, the customer, or somebody else of the conversation. It is
// true also for a name that occurs in the subject, or in what was said lately between the customer and us: the customer may have
// signed with it, or was greeted so before.
func isKnownPerson(sp *UseCases, c *book.Conversation, names []string) bool {
	customer := c.Customer()
	known := []string{customer.Name, customer.Address, c.Subject}
	for _, p := range c.Participants {
		known = append(known, p.Name, p.Key)
	}
	for i := range c.Last {
		if m := &c.Last[i]; m.Direction != store.DirectionNote {
			known = append(known, m.Subject, m.CurrentText())
		}
	}

	for _, agent := range sp.Dir.Agents {
		if words := wordsToCompare(agent.Name); agent.Active && len(words) > 0 {
			known = append(known, words[0])
		}
	}

	words := wordsToCompare(strings.Join(known, " "))
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(words, name) })
}
