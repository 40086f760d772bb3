package settings

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

// The audit log: who did what, and when, to conversations and to the configuration. Admins can filter it by the query of
// the page's URL, such as /settings/log?who=7&from=2026-11-01, and download it as CSV.

const (
	recordsRowsPerPage = 100
	rowsPerRead        = 2000 // per query while a CSV file is written
)

// logDesk is the backend of the log.
type logDesk interface {
	// Log returns up to size rows, the newest first. after is LogPage.Next of the previous page; "" means the first page.
	// It omits the texts of conversations that the viewer may not read (see LogRow.Closed).
	Log(ctx context.Context, viewer bridge.AgentID, f LogFilter, after string, size int) (LogPage, error)

	// LogNames returns what the log can be filtered by.
	LogNames(ctx context.Context) (LogNames, error)
}

// LogFilter selects rows of the log. Zero fields don't restrict the selection.
type LogFilter struct {
	Agent        bridge.AgentID
	What         string // a value of LogRow.What
	Account      string
	Conversation bridge.ConversationID
	From, Until  time.Time // From is included, Until isn't
}

// LogPage is a page of the log.
type LogPage struct {
	Rows []LogRow
	Next string    // a cursor for the next page; "" if there are no older rows
	Seen time.Time // how far back the log was searched
}

// LogRow is an entry of the log.
type LogRow struct {
	At           time.Time
	Conversation bridge.ConversationID // 0 means that the configuration was changed
	Account      string                // "" means that the configuration was changed
	By           string
	What         string // the kind of action: "resolved"
	Text         string
	Closed       bool // the viewer may not read the conversation, so Text is empty
}

// LogNames are the values by which the log can be filtered.
type LogNames struct {
	Agents   []web.Choice // by id
	Accounts []string
	Deeds    []string // the values of LogRow.What
}

func (p recordsPages) logRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET /settings/log", For: web.Admins, Do: p.showLog},
		{Pattern: "GET /settings/log.csv", For: web.Admins, Do: p.logFile, Streams: true},
		{Pattern: "GET /api/v1/log.csv", Token: &web.ByToken{Scopes: []web.Scope{web.ScopeLog}}, Do: p.logFile, Streams: true},
	}
}

// shownLog is the template data of log.html.
type shownLog struct {
	Fields   []web.Field // the filter
	Problem  string      // what is wrong with the filter; "" means nothing
	Rows     []shownRow
	Older    string // the URL of the next page; "" if there is none
	Seen     string // LogPage.Seen as text
	CSV      string // the URL of the log as CSV
	Filtered bool
}

type shownRow struct {
	LogRow

	When  string
	Lines []string
}

// showLog shows a page of the log.
func (p recordsPages) showLog(v *web.Visit) error {
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
		page, err := p.desk.Log(v.Context(), v.Person.ID, filter, v.Value("after"), recordsRowsPerPage)
		if err != nil {
			return err
		}

		for _, r := range page.Rows {
			shown.Rows = append(shown.Rows, rowOf(r, v.Now().Location()))
		}

		if page.Next != "" {
			shown.Older = "/settings/log?" + makeQuery(v, page.Next).Encode()
			shown.Seen = page.Seen.In(v.Now().Location()).Format("2006-01-02 15:04")
		}
	}

	return v.Show("log", web.Screen{Title: "Log", Data: shown,
		Help: "What was done to conversations and to the set-up, by whom and when. Nothing here can be changed."})
}

// rowOf returns the template data of a row.
func rowOf(r LogRow, zone *time.Location) shownRow {
	when := r.At.In(zone).Format("2006-01-02 15:04:05")
	if r.What == "analysed" { // Text has the names of intents, such as order_status
		r.Text = strings.ReplaceAll(r.Text, "_", " ")
	}
	r.What = deedWords(r.What)
	return shownRow{LogRow: r, When: when, Lines: strings.Split(r.Text, "\n")}
}

// filterNames returns the names of the query parameters that filter the log.
func filterNames() []string {
	return []string{"who", "what", "account", "conversation", "from", "until"}
}

// lastDay returns the last day of the filter. The parameter is "until". "to" is an alias, because the statistics of
// package dashboard call it so: programs can use the same query for both.
func lastDay(v *web.Visit) string { return cmp.Or(v.Value("until"), v.Value("to")) }

// makeQuery returns a query with the same filter for another page. after is the page's cursor; "" means the first.
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

// readFilter parses the filter in a request's query. problem says what is wrong with it, as text for the page; "" means
// nothing.
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

// filterFields returns the form fields of the filter.
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

// deedWords returns the text for a kind of action (LogRow.What) on the page, for those whose stored name isn't clear. CSV
// files have the stored name.
func deedWords(deed string) string {
	switch deed {
	case "recipients":
		return "changed the recipients"
	case "rerooted":
		return "thread made anew"
	case "same customer":
		return "found two conversations of one customer"
	case "several":
		return "did one thing with several"
	case "sent as it stood":
		return "sent without a look at the chat"
	default:
		return deed
	}
}

// logFile sends all rows that match the filter as CSV. It reads and writes them page by page, since there may be
// millions. The first page is read before anything is written, so that an error of the database can still be reported.
func (p recordsPages) logFile(v *web.Visit) error {
	filter, problem := readFilter(v)
	if problem != "" {
		return v.Refuse(http.StatusBadRequest, problem, "Choose again.")
	}

	const firstPage = ""
	page, err := p.desk.Log(v.Context(), v.Person.ID, filter, firstPage, rowsPerRead)
	if err != nil {
		return err
	}

	v.Writer.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.Writer.Header().Set("Content-Disposition", `attachment; filename="parley-log.csv"`)
	file := csv.NewWriter(v.Writer) // keeps its first error, which is checked after each page
	_ = file.Write([]string{"at", "by", "what", "conversation", "account", "text"})

	for {
		for _, r := range page.Rows {
			_ = file.Write(csvRow(r))
		}

		file.Flush()
		hasLeft := file.Error() != nil // the client has disconnected
		if hasLeft || page.Next == "" {
			return nil
		}
		v.GiveTime()
		page, err = p.desk.Log(v.Context(), v.Person.ID, filter, page.Next, rowsPerRead)
		if err != nil {
			return web.BrokenOff(err)
		}
	}
}

// csvRow returns the columns of a row.
func csvRow(r LogRow) []string {
	conversation := ""
	if r.Conversation != 0 {
		conversation = strconv.FormatInt(int64(r.Conversation), 10)
	}
	return []string{
		r.At.UTC().Format(time.RFC3339),
		web.Cell(r.By),
		web.Cell(r.What),
		conversation,
		web.Cell(r.Account),
		web.Cell(r.Text),
	}
}
