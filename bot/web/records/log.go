package records

import (
	"cmp"
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/bot/web"
	"parley/bridge"
)

const (
	rowsPerPage = 100
	rowsPerRead = 2000 // for a file
)

// logDesk is what the pages of the log need. The log says what was done to conversations and to the set-up, by whom,
// when.
type logDesk interface {
	// Log reads up to size rows of the log, the newest first. after is LogPage.Next of the page before; "" means the
	// first page. Rows of conversations that the viewer may not read are closed: see LogRow.
	Log(ctx context.Context, viewer bridge.AgentID, f LogFilter, after string, size int) (LogPage, error)

	// LogNames lists what the log can be filtered by.
	LogNames(ctx context.Context) (LogNames, error)
}

// LogFilter says which rows of the log are wanted. The zero LogFilter wants all.
type LogFilter struct {
	Agent        bridge.AgentID
	What         string
	Account      string
	Conversation bridge.ConversationID
	From, Until  time.Time // From is included, Until isn't; zero means no bound
}

// LogPage is some rows of the log.
type LogPage struct {
	Rows []LogRow
	Next string    // the place after these rows; "" if there are no older ones
	Seen time.Time // how far back the log was searched
}

// LogRow is one thing that was done.
type LogRow struct {
	At           time.Time
	Conversation bridge.ConversationID // 0 means the set-up was changed
	Account      string                // "" means the set-up
	By           string
	What         string
	Text         string
	Closed       bool // the viewer may not read the conversation, so Text is left out
}

// LogNames are what the log can be filtered by.
type LogNames struct {
	Agents   []web.Choice // by id
	Accounts []string
	Deeds    []string // the values of LogRow.What
}

func (p pages) logRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET /settings/log", For: web.Admins, Do: p.showLog},
		{Pattern: "GET /settings/log.csv", For: web.Admins, Do: p.logFile, Streams: true},
		{Pattern: "GET /api/v1/log.csv", Token: &web.ByToken{Scopes: []web.Scope{web.ScopeLog}}, Do: p.logFile, Streams: true},
	}
}

// shownLog is what log.html shows.
type shownLog struct {
	Fields   []web.Field
	Problem  string
	Rows     []shownRow
	Older    string // the address of the next page; "" if there is none
	Seen     string // how far back the log was searched
	CSV      string
	Filtered bool
}

type shownRow struct {
	LogRow

	When  string
	Lines []string
}

func (p pages) showLog(v *web.Visit) error {
	names, err := p.desk.LogNames(v.Context())
	if err != nil {
		return err
	}

	filter, problem := readFilter(v)
	shown := shownLog{
		Fields:   filterFields(v, names),
		Problem:  problem,
		CSV:      "/settings/log.csv?" + makeQuery(v, "").Encode(),
		Filtered: filter != LogFilter{},
	}
	if problem == "" {
		page, err := p.desk.Log(v.Context(), v.Person.ID, filter, v.Value("after"), rowsPerPage)
		if err != nil {
			return err
		}

		for _, r := range page.Rows {
			when := r.At.In(v.Now().Location()).Format("2006-01-02 15:04:05")
			if r.What == "analysed" { // its text names intents: order_status
				r.Text = strings.ReplaceAll(r.Text, "_", " ")
			}
			r.What = deedWords(r.What)
			shown.Rows = append(shown.Rows, shownRow{LogRow: r, When: when, Lines: strings.Split(r.Text, "\n")})
		}

		if page.Next != "" {
			shown.Older = "/settings/log?" + makeQuery(v, page.Next).Encode()
			shown.Seen = page.Seen.In(v.Now().Location()).Format("2006-01-02 15:04")
		}
	}

	return v.Show("log", web.Screen{Title: "Log", Data: shown,
		Help: "What was done to conversations and to the set-up, by whom and when. Nothing here can be changed."})
}

// filterNames returns the names of the values in an address that filter the log.
func filterNames() []string {
	return []string{"who", "what", "account", "conversation", "from", "until"}
}

// lastDay returns the last day that an address asks for. Figures call it "to": programs may ask for both alike.
func lastDay(v *web.Visit) string { return cmp.Or(v.Value("until"), v.Value("to")) }

// makeQuery returns the query of an address with the same filter, at another place of the log.
func makeQuery(v *web.Visit, after string) url.Values {
	q := url.Values{}
	for _, name := range filterNames() {
		value := v.Value(name)
		if name == "until" {
			value = lastDay(v)
		}
		if value != "" {
			q.Set(name, value)
		}
	}
	if after != "" {
		q.Set("after", after)
	}
	return q
}

// readFilter reads the filter of an address. problem says, in words for people, what is wrong with it.
func readFilter(v *web.Visit) (f LogFilter, problem string) {
	f.What, f.Account = v.Value("what"), v.Value("account")
	if who := v.Value("who"); who != "" {
		agent, err := strconv.ParseInt(who, 10, 64)
		if err != nil {
			return f, "There is no such colleague."
		}
		f.Agent = bridge.AgentID(agent)
	}

	if number := strings.TrimPrefix(v.Value("conversation"), "#"); number != "" {
		conversation, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return f, "A conversation is named by its number: 12 or #12."
		}
		f.Conversation = bridge.ConversationID(conversation)
	}

	zone := v.Now().Location()
	if from := v.Value("from"); from != "" {
		if f.From, problem = web.ReadDay(from, zone); problem != "" {
			return f, "The first day can't be read: " + problem
		}
	}

	until := lastDay(v)
	if until != "" {
		if f.Until, problem = web.ReadDay(until, zone); problem != "" {
			return f, "The last day can't be read: " + problem
		}
		f.Until = f.Until.AddDate(0, 0, 1)
	}

	return f, ""
}

func filterFields(v *web.Visit, names LogNames) []web.Field {
	choose := func(name string, choices []web.Choice) []web.Choice {
		list := []web.Choice{{Text: "All"}}
		for _, c := range choices {
			c.Chosen = c.Value == v.Value(name)
			list = append(list, c)
		}
		return list
	}

	deeds := web.Choose(nil, names.Deeds...)
	for i, d := range deeds {
		deeds[i].Text = deedWords(d.Value)
	}

	return []web.Field{
		{Name: "who", Label: "Who", Kind: web.KindChoice, Choices: choose("who", names.Agents)},
		{Name: "what", Label: "What", Kind: web.KindChoice, Choices: choose("what", deeds)},
		{Name: "account", Label: "Account", Kind: web.KindChoice, Choices: choose("account", web.Choose(nil, names.Accounts...))},
		{Name: "conversation", Label: "Conversation", Value: v.Value("conversation"), Placeholder: "#12"},
		{Name: "from", Label: "First day", Kind: "date", Value: v.Value("from")},
		{Name: "until", Label: "Last day", Kind: "date", Value: lastDay(v)},
	}
}

// deedWords names a deed for people, where the log's own word for it, which files keep, doesn't say enough.
func deedWords(deed string) string {
	switch deed {
	case "recipients":
		return "changed the recipients"
	case "rerooted":
		return "thread made anew"
	case "same customer":
		return "found two conversations of one customer"
	case "sent as it stood":
		return "sent without a look at the chat"
	default:
		return deed
	}
}

// logFile writes the log as CSV: all rows that the filter wants, however many.
func (p pages) logFile(v *web.Visit) error {
	filter, problem := readFilter(v)
	if problem != "" {
		return v.Refuse(http.StatusBadRequest, problem, "Choose again.")
	}

	page, err := p.desk.Log(v.Context(), v.Person.ID, filter, "", rowsPerRead) // before anything is written, so that an error can be shown
	if err != nil {
		return err
	}

	v.Writer.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.Writer.Header().Set("Content-Disposition", `attachment; filename="parley-log.csv"`)
	file := csv.NewWriter(v.Writer) // it keeps the first error, which is asked for after each page
	_ = file.Write([]string{"at", "by", "what", "conversation", "account", "text"})

	for {
		for _, r := range page.Rows {
			number := ""
			if r.Conversation != 0 {
				number = strconv.FormatInt(int64(r.Conversation), 10)
			}
			_ = file.Write([]string{
				r.At.UTC().Format(time.RFC3339), web.Cell(r.By), web.Cell(r.What), number, web.Cell(r.Account), web.Cell(r.Text),
			})
		}

		file.Flush()
		if file.Error() != nil || page.Next == "" {
			return nil // the browser went away, or that is all
		}
		v.GiveTime()
		if page, err = p.desk.Log(v.Context(), v.Person.ID, filter, page.Next, rowsPerRead); err != nil {
			return web.BrokenOff(err)
		}
	}
}
