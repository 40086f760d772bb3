package observer

import (
	"cmp"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/slack/slackfake"
	"parley/cmd/parley/demo/checker"
	"parley/cmd/parley/demo/company"
	"parley/cmd/parley/demo/plaintext"
)

// The observer reads each thread in Slack whose first post is Parley's. Posts of the bot are observations: what
// arrived from the customer. Posts of people are sent messages: replies that should reach the customer, or notes
// for colleagues.

// customerSuffix ends the name under which Parley posts a customer's words: "Dana Cole (customer)".
const customerSuffix = " (customer)"

// internalText matches texts that don't look as if they were for the customer, whatever Parley decides.
var internalText = regexp.MustCompile(`(?i)^\s*(?:note:|//|![a-z]|/[a-z])|<@`)

// noteText matches a text that says that it is a note.
var noteText = regexp.MustCompile(`(?i)^\s*(?:note:|//)`)

// slackText returns what somebody typed, or else the names of the files. Quotations are left out unless there is
// nothing else.
func slackText(m *slackfake.Message) string {
	text := cmp.Or(checker.SlackText(m.Text), html.UnescapeString(m.Text))
	if text == "" {
		for _, f := range m.Files {
			text += f.Name + " "
		}
	}
	return text
}

// observeSlack records what people write in the customers' threads, and what Parley posts there. Caller holds o.mu.
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

// observeSlackThread looks at each message of a thread. Caller holds o.mu.
func (o *Observer) observeSlackThread(channel, root string, now time.Time) {
	thread := o.company.Slack.Thread(channel, root)
	from := o.customerOf(thread)
	if from.isKnown() {
		o.forgetTyped(channel, root)
	}

	for _, m := range thread {
		switch {
		case m.Subtype == "tombstone": // stands in place of a root that was deleted
		case m.BotID != "":
			o.recordObserved(slackObservation(m, channel, root))
		case from.isKnown():
			o.recordSent(o.slackReply(m, channel, root, from), now)
		}
	}
}

// slackReply makes the sent message of what a person typed in a customer's thread.
func (o *Observer) slackReply(m *slackfake.Message, channel, root string, to customer) checker.SentMessage {
	isByAgent := m.User == company.Ann || m.User == company.Ben
	return checker.SentMessage{
		Key:         channel + "/" + m.TS,
		Direction:   checker.Outbound,
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
	// filesOfCustomer matches the line that says whose files a post shows, or whose file it could not get.
	filesOfCustomer = regexp.MustCompile(`(?m)^\W*From (.+): \W*(?:📎|:paperclip:)|^\W+.+ from (.+) could not be had: `)
	// fileNotice matches the words that a post has in place of a file that it can't show.
	fileNotice = regexp.MustCompile(`\(0 bytes\)|\(larger than | could not be had: | can't be shown here: `)
)

// fileCustomerIn returns the customer whose files a post shows, as checker.NameKey writes the name; "" means that it shows none.
func fileCustomerIn(text string) string {
	if head := filesOfCustomer.FindStringSubmatch(text); head != nil {
		return checker.NameKey(cmp.Or(head[1], head[2]))
	}
	return ""
}

// slackObservation makes the observation of a post of Parley's. A post under a customer's name has the customer's
// text, and a post of files names the customer in its text. Any other post is Parley's own words, which may quote a
// message.
func slackObservation(m *slackfake.Message, channel, root string) checker.Observation {
	text := plaintext.MessageText(m)
	seen := checker.Observation{
		Key:       channel + "/" + m.TS,
		Direction: checker.Inbound,
		At:        timeOf(m.TS),
		Thread:    channel + "/" + root,
		Wording:   checker.WordingOf(text),
	}
	name, isOfCustomer := strings.CutSuffix(m.Username, customerSuffix)
	sender := fileCustomerIn(text)

	switch {
	case sender != "":
		seen.CustomerKey = sender
		seen.Wording = checker.Wording{}
		seen.Files = len(m.Files) + len(fileNotice.FindAllString(text, -1))
	case isOfCustomer:
		seen.CustomerKey = checker.NameKey(name)
	default:
		seen.Notice = text
	}

	return seen
}

// customer is whose thread it is. The zero value means that this isn't known yet.
type customer struct{ name, mailbox string }

func (c customer) isKnown() bool { return c.mailbox != "" }

// customerOf returns a thread's customer, who is not known if nothing of a customer stands there. Caller holds o.mu.
func (o *Observer) customerOf(thread []*slackfake.Message) customer {
	at := slices.IndexFunc(thread, func(m *slackfake.Message) bool { return strings.HasSuffix(m.Username, customerSuffix) })
	if at < 0 {
		return customer{}
	}
	return o.findCustomer(slackObservation(thread[at], "", ""))
}

// findCustomer returns the author of the sent message that has most words in common with first, the first post in a thread under
// a customer's name. The author is not known if no message could be it. Caller holds o.mu.
func (o *Observer) findCustomer(first checker.Observation) (best customer) {
	most := -1
	for _, s := range o.sent {
		if !s.CouldBe(first) {
			continue
		}

		common := 0
		for _, words := range s.Versions {
			common = max(common, first.CountWords(words))
		}

		isFirstOfEqual := common == most && s.Mailbox < best.mailbox // so that the order of the map decides nothing
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
			return plaintext.UserName(u)
		}
	}
	return id
}

// timeOf returns the time in a Slack ts, such as "1732790400.000100": seconds and microseconds since 1970. Slack
// uses it as the id of a message.
func timeOf(ts string) time.Time {
	seconds, micros, _ := strings.Cut(ts, ".")
	s, _ := strconv.ParseInt(seconds, 10, 64) // Slack writes nothing else
	us, _ := strconv.ParseInt(micros, 10, 64)
	return time.Unix(s, us*int64(time.Microsecond))
}
