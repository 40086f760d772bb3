package demo

import (
	"cmp"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/slack/slackfake"
)

// Parley opens a thread in Slack for each conversation with a customer. This file reads all these threads from the
// emulated Slack. A post by Parley is an observation: it may show a message from the customer, such as Dana's "Where is my
// parcel?". A post by a person is a sent message: a reply that should reach the customer, or a note for colleagues.

// customerSuffix is the end of the user name under which Parley posts a customer's words: "Dana Cole (customer)".
const customerSuffix = " (customer)"

// internalText matches texts that are not replies to the customer: notes, commands such as !close, and mentions of
// colleagues. It is independent of Parley's own rules.
var internalText = regexp.MustCompile(`(?i)^\s*(?:note:|//|![a-z]|/[a-z])|<@`)

// noteText matches a text that is explicitly marked as a note: "note: …" or "// …".
var noteText = regexp.MustCompile(`(?i)^\s*(?:note:|//)`)

// slackText returns the text of a post without quotations. If nothing else is there, it returns the quotations or, for a
// post without text, the names of its files.
func slackText(m *slackfake.Message) string {
	text := cmp.Or(SlackText(m.Text), html.UnescapeString(m.Text))
	if text == "" {
		for _, f := range m.Files {
			text += f.Name + " "
		}
	}
	return text
}

// observeSlack reads all customers' threads in Slack. Caller holds o.mu.
func (o *Observer) observeSlack(now time.Time) {
	slack := o.company.Slack
	for _, c := range slack.Channels() {
		hasApp := slices.Contains(c.Members, slack.BotUserID())
		if c.IM || !hasApp {
			continue
		}
		for _, root := range slack.Messages(c.ID) {
			if root.BotID != "" {
				o.observeSlackThread(c.ID, root.TS, now)
			}
		}
	}
}

// observeSlackThread records each message of a thread. Caller holds o.mu.
func (o *Observer) observeSlackThread(channel, root string, now time.Time) {
	thread := o.company.Slack.Thread(channel, root)
	from := o.customerOf(thread)
	if from.isKnown() {
		o.forgetTyped(channel, root)
	}

	for _, m := range thread {
		switch {
		case m.Subtype == "tombstone": // placeholder for a deleted first post
		case m.BotID != "":
			o.recordObserved(slackObservation(m, channel, root))
		case from.isKnown():
			o.recordSent(o.slackReply(m, channel, root, from), now)
		}
	}
}

// slackReply converts a person's post in a customer's thread to a sent message.
func (o *Observer) slackReply(m *slackfake.Message, channel, root string, to customer) SentMessage {
	isByAgent := m.User == Ann || m.User == Ben
	return SentMessage{
		Key:         channel + "/" + m.TS,
		Direction:   Outbound,
		Author:      o.userName(m.User),
		Recipient:   to.name,
		SentAt:      timeOf(m.TS),
		Text:        slackText(m),
		Channel:     channel,
		Thread:      root,
		Mailbox:     to.mailbox,
		ForCustomer: isByAgent && !internalText.MatchString(m.Text),
		IsNote:      noteText.MatchString(m.Text),
	}
}

var (
	// filesOfCustomer matches the line in which a post names the customer whose files it shows or could not get.
	filesOfCustomer = regexp.MustCompile(`(?m)^\W*From (.+): \W*(?:📎|:paperclip:)|^\W+.+ from (.+) could not be had: `)
	// fileNotice matches the words with which a post replaces a file that it can't show.
	fileNotice = regexp.MustCompile(`\(0 bytes\)|\(larger than | could not be had: | can't be shown here: `)
)

// fileCustomerIn returns the checker.NameKey of the customer whose files a post shows; "" means that it shows none.
func fileCustomerIn(text string) string {
	if head := filesOfCustomer.FindStringSubmatch(text); head != nil {
		return NameKey(cmp.Or(head[1], head[2]))
	}
	return ""
}

// slackObservation converts a post by Parley to an observation. There are three kinds of posts: a customer's text, posted
// under the customer's name; a customer's files, with the name in the text; and a notice in Parley's own words, which
// may quote a message.
func slackObservation(m *slackfake.Message, channel, root string) Observation {
	text := MessageText(m)
	seen := Observation{
		Key:       channel + "/" + m.TS,
		Direction: Inbound,
		At:        timeOf(m.TS),
		Thread:    channel + "/" + root,
		Wording:   WordingOf(text),
	}
	name, isOfCustomer := strings.CutSuffix(m.Username, customerSuffix)
	sender := fileCustomerIn(text)

	switch {
	case sender != "":
		seen.CustomerKey = sender
		seen.Wording = Wording{}
		seen.Files = len(m.Files) + len(fileNotice.FindAllString(text, -1))
	case isOfCustomer:
		seen.CustomerKey = NameKey(name)
	default:
		seen.Notice = text
	}

	return seen
}

// customer is the customer of a thread. The zero value means that the customer isn't known yet.
type customer struct{ name, mailbox string }

func (c customer) isKnown() bool { return c.mailbox != "" }

// customerOf returns the customer of a thread; the zero value if the thread has no post under a customer's name.
// Caller holds o.mu.
func (o *Observer) customerOf(thread []*slackfake.Message) customer {
	at := slices.IndexFunc(thread, func(m *slackfake.Message) bool { return strings.HasSuffix(m.Username, customerSuffix) })
	if at < 0 {
		return customer{}
	}
	return o.findCustomer(slackObservation(thread[at], "", ""))
}

// findCustomer identifies a thread's customer from first, its first post under a customer's name. Two customers may have
// the same name, so it returns the author of the sent message with the most words in common with first; the zero value
// if no message could be meant. Caller holds o.mu.
func (o *Observer) findCustomer(first Observation) (best customer) {
	most := -1
	for _, s := range o.sent {
		if !s.CouldBe(first) {
			continue
		}

		common := 0
		for _, v := range s.Versions {
			common = max(common, first.CountWords(v.Words))
		}

		isFirstOfEqual := common == most && s.Mailbox < best.mailbox // makes the result independent of the map's order
		if common > most || isFirstOfEqual {
			most = common
			best = customer{name: s.Author, mailbox: s.Mailbox}
		}
	}

	return best
}

func (o *Observer) userName(id string) string {
	for _, u := range o.company.Slack.Users() {
		if u.ID == id {
			return UserName(u)
		}
	}
	return id
}

// timeOf parses a Slack ts, such as "1732790400.000100": seconds and microseconds since 1970. Slack uses it as the id of a
// message.
func timeOf(ts string) time.Time {
	seconds, micros, _ := strings.Cut(ts, ".")
	s, _ := strconv.ParseInt(seconds, 10, 64) // a ts is always numeric
	us, _ := strconv.ParseInt(micros, 10, 64)
	return time.Unix(s, us*int64(time.Microsecond))
}
