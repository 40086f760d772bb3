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
	"parley/cmd/parley/demo/outside"
	"parley/cmd/parley/demo/plaintext"
)

// customerSuffix marks a customer's words in a thread.
const customerSuffix = " (customer)"

// internalText matches texts that don't look as if they were for the customer, whatever Parley decides.
var internalText = regexp.MustCompile(`(?i)^\s*(?:note:|//|![a-z]|/[a-z])|<@`)

// noteText matches a text that says that it is a note.
var noteText = regexp.MustCompile(`(?i)^\s*(?:note:|//)`)

// slackText returns what somebody typed, or the names of the files that were sent. A quotation counts if there is nothing else.
func slackText(m *slackfake.Message) string {
	text := cmp.Or(checker.SlackText(m.Text), html.UnescapeString(m.Text))
	if text == "" {
		for _, f := range m.Files {
			text += f.Name + " "
		}
	}
	return text
}

// observeSlack records what people write in the threads of customers, and what stands there in the customers' names.
func (o *Observer) observeSlack(now time.Time) {
	fake := o.world.Slack
	for _, c := range fake.Channels() {
		if c.IM || !slices.Contains(c.Members, fake.BotUserID()) {
			continue
		}

		for _, root := range fake.Messages(c.ID) {
			if root.BotID == "" {
				continue
			}

			thread := fake.Thread(c.ID, root.TS)
			owner, box := o.customerOf(thread)
			if box != "" {
				o.forgetTyped(c.ID, root.TS)
			}
			for _, m := range thread {
				if m.Subtype == "tombstone" {
					continue
				}

				isAgents := m.User == outside.Ann || m.User == outside.Ben
				if m.BotID != "" {
					o.recordObserved(slackObservation(m, c.ID, root.TS))
				} else if box != "" {
					o.recordSent(checker.SentMessage{
						Key:         c.ID + "/" + m.TS,
						Direction:   checker.Outbound,
						Author:      o.userName(m.User),
						Recipient:   owner,
						SentAt:      timeOf(m.TS),
						Text:        slackText(m),
						Channel:     c.ID,
						Thread:      root.TS,
						Mailbox:     box,
						ForCustomer: isAgents && !internalText.MatchString(m.Text),
						IsNote:      noteText.MatchString(m.Text),
					}, now)
				}
			}
		}
	}
}

var (
	// filesOfCustomer matches the line that says whose files a post shows, or misses.
	filesOfCustomer = regexp.MustCompile(`(?m)^\W*From (.+): \W*(?:📎|:paperclip:)|^\W+.+ from (.+) could not be had: `)
	// fileNotice matches the words by which a post tells of a file that it doesn't show.
	fileNotice = regexp.MustCompile(`\(0 bytes\)|\(larger than | could not be had: | can't be shown here: `)
)

// fileCustomerIn returns the customer whose files a post shows, as checker.NameKey writes the name; "" means that it shows none.
func fileCustomerIn(text string) string {
	if head := filesOfCustomer.FindStringSubmatch(text); head != nil {
		return checker.NameKey(cmp.Or(head[1], head[2]))
	}
	return ""
}

// slackObservation makes the observation of a post of Parley's. In a customer's name it is the customer's text, or files; else
// Parley tells of a message.
func slackObservation(m *slackfake.Message, channel, root string) checker.Observation {
	text := plaintext.MessageText(m)
	seen := checker.Observation{
		Key:       channel + "/" + m.TS,
		Direction: checker.Inbound,
		At:        timeOf(m.TS),
		Thread:    channel + "/" + root,
		Wording:   checker.WordingOf(text),
	}
	if from := fileCustomerIn(text); from != "" {
		seen.CustomerKey, seen.Wording = from, checker.Wording{}
		seen.Files = len(m.Files) + len(fileNotice.FindAllString(text, -1))
	} else if from, ok := strings.CutSuffix(m.Username, customerSuffix); ok {
		seen.CustomerKey = checker.NameKey(from)
	} else {
		seen.Notice = text
	}
	return seen
}

// customerOf returns the customer of a thread.
func (o *Observer) customerOf(thread []*slackfake.Message) (name, box string) {
	at := slices.IndexFunc(thread, func(m *slackfake.Message) bool { return strings.HasSuffix(m.Username, customerSuffix) })
	if at < 0 {
		return "", ""
	}
	return o.findCustomer(slackObservation(thread[at], "", ""))
}

// findCustomer returns the customer of a thread: the one who wrote what stands there first in a customer's name.
func (o *Observer) findCustomer(first checker.Observation) (name, box string) {
	most := -1
	for _, s := range o.sent {
		if !s.CouldBe(first) {
			continue
		}

		like := 0
		for _, words := range s.Versions {
			like = max(like, first.CountWords(words))
		}

		isFirstOfEqual := like == most && s.Mailbox < box // so that the order of the map decides nothing
		if like > most || isFirstOfEqual {
			most = like
			name, box = s.Author, s.Mailbox
		}
	}

	return name, box
}

func (o *Observer) userName(id string) string {
	for _, u := range o.world.Slack.Users() {
		if u.ID == id {
			return plaintext.UserName(u)
		}
	}
	return id
}

// timeOf reads a Slack ts, which is a time and unique; to microseconds.
func timeOf(ts string) time.Time {
	seconds, micros, _ := strings.Cut(ts, ".")
	s, _ := strconv.ParseInt(seconds, 10, 64) // Slack writes nothing else
	us, _ := strconv.ParseInt(micros, 10, 64)
	return time.Unix(s, us*int64(time.Microsecond))
}
