package analysis

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// DefaultIntents returns the intents of a desk that has chosen none of its own.
func DefaultIntents() []Intent {
	return []Intent{
		{
			Name:  "product",
			About: "asks about a product or a service before or without buying: what it does, fits, costs, whether it is there",
			Tags:  []string{"Product Question"},
		},
		{
			Name:  "quote",
			About: "asks for an offer, a quote or a price for a quantity, or speaks about one that was made",
			Tags:  []string{"Sales", "Quote"},
		},
		{Name: "order_status", About: "asks where an order is, or when it comes", Tags: []string{"Order", "Delivery"}},
		{Name: "order_change", About: "wants to change or cancel an order that was placed: address, quantity, article, date"},
		{
			Name:  "return",
			About: "wants to send something back, to exchange it, or to have the money back",
			Tags:  []string{"Return", "Returns", "Refund"},
		},
		{
			Name:  "billing",
			About: "speaks about an invoice, a payment, a charge, a tax number or a reminder",
			Tags:  []string{"Billing", "Billing Issue"},
		},
		{Name: "problem", About: "something doesn't work, is broken, arrived damaged, or shows an error", Tags: []string{"Technical Issue"}},
		{Name: "account", About: "can't sign in, or wants to change own data, a password or settings", Tags: []string{"Account"}},
		{Name: "cancel", About: "wants to end a contract, a subscription or an account", Tags: []string{"Cancellation"}},
		{Name: "appointment", About: "wants to make, move or cancel an appointment, a visit or a call"},
		{Name: "complaint", About: "complains of a service, of people, of waiting or of how something was handled", Tags: []string{"Complaint"}},
		{Name: "feedback", About: "praises, or suggests something, and asks for nothing", Tags: []string{"Feedback"}},
		{Name: "thanks", About: "says thanks or confirms, and asks for nothing"},
	}
}

// IntentNames returns the names of DefaultIntents. The weights of trained models are stored in this order.
func IntentNames() []string {
	var names []string
	for _, i := range DefaultIntents() {
		names = append(names, i.Name)
	}
	return names
}

// The limits of intents.
const (
	maxDeskIntents = 30  // of one desk; an answer names at most maxIntents of them
	maxAbout       = 200 // characters
	maxWords       = 20  // of one intent
	maxWord        = 40  // characters
)

var intentName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,29}$`)

// ParseIntents parses intents, one per line:
//
//	order_status
//	warranty: asks about the guarantee = guarantee, warranty, Garantie
//
// The colon is followed by a description; one of DefaultIntents may be given by its name alone. The words after "=" are
// those that customers use when they have this intent. Errors contain the line's number, but don't quote the line.
func ParseIntents(text string) ([]Intent, error) {
	var all []Intent
	for n, line := range numberedLines(text) {
		intent, err := parseIntent(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		if len(all) == maxDeskIntents {
			return nil, fmt.Errorf("line %d: there are more than %d intents", n+1, maxDeskIntents)
		}
		hasSameName := func(other Intent) bool { return other.Name == intent.Name }
		if slices.ContainsFunc(all, hasSameName) {
			return nil, fmt.Errorf("line %d: its name is used twice", n+1)
		}
		all = append(all, intent)
	}

	return all, nil
}

func parseIntent(line string) (Intent, error) {
	line, words, _ := strings.Cut(line, " = ")
	name, about, _ := strings.Cut(line, ":")
	intent := Intent{Name: strings.TrimSpace(name), About: strings.TrimSpace(about)}
	for _, known := range DefaultIntents() {
		if known.Name == intent.Name {
			intent.Tags = known.Tags
			intent.About = cmp.Or(intent.About, known.About)
		}
	}

	for word := range strings.SplitSeq(words, ",") {
		if word = strings.TrimSpace(word); word != "" {
			intent.Words = append(intent.Words, word)
		}
	}

	isTooLong := func(word string) bool { return utf8.RuneCountInString(word) > maxWord }
	switch {
	case !intentName.MatchString(intent.Name):
		return intent, errors.New("it should begin with a name of at most 30 small letters, digits and _")
	case intent.About == "" || utf8.RuneCountInString(intent.About) > maxAbout:
		return intent, fmt.Errorf("the name should be followed by a colon and what customers want, in at most %d characters", maxAbout)
	case len(intent.Words) > maxWords || slices.ContainsFunc(intent.Words, isTooLong):
		return intent, fmt.Errorf("it has more than %d words, or one of more than %d characters", maxWords, maxWord)
	}

	return intent, nil
}
