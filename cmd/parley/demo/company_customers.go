package demo

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bot/slack/slackfake"
	"parley/bot/teams/teamsfake"
	"parley/channels/email/mailfake"
	"parley/channels/graphfake"
	"parley/channels/wire"
)

// The demo's customers are invented people (Persona), such as Dana Cole, who is angry about a refund. When the demo
// begins, Prologue sends their first mails and messages. After that the visitor plays the customers. Greet sends a few
// more mails when the visitor switches from Slack to Teams or back, so that the new surface doesn't stay empty. (A
// surface is a chat program in which agents work.)

// ProloguePace is the pause between the first mails; it lets the visitor see each of them arrive.
const ProloguePace = 600 * time.Millisecond

// Persona is a customer of the demo.
type Persona struct {
	Name    string
	Address string
	About   string               // one line for the visitor who plays this customer
	mail    func() mailfake.Mail // returns the first mail
	byPhone func(*Handset)       // sends the first message by phone, after all mails; nil means none
}

// String returns the customer's name and address in the form of a From header.
func (p Persona) String() string {
	return (&mailfake.Address{Name: p.Name, Address: p.Address}).String()
}

// Personas lists the customers in the order in which they write.
func Personas() []Persona {
	return []Persona{
		{"Packaging Weekly", "news@packaging-weekly.test", "A newsletter. Nobody waits for an answer.", newsletterMail, nil},
		{"Priya Raman", "priya@northwind.test", "Sends a file that would not import. Asks by Messenger, too.", withAttachments, byMessenger},
		{"Jonas Weber", "jonas.weber@weber-ag.test", "Schreibt deutsch und vermisst eine Rechnung.", inGerman, nil},
		{"Tomás Ó Briain-Featherstonehaugh", "tomas@featherstonehaugh-and-daughters.test", "Has a long name and copies his colleague in.",
			copiesColleague, nil},
		{"Dana Cole", "dana@cole.test", "Angry, and with reason. Writes by WhatsApp as well.", angryMail, byWhatsApp},
		{"Maria Lopez", "maria@lopez-ceramics.test", "Friendly. Her parcel arrived broken; she sends a picture.", withPicture, nil},
	}
}

// Prologue sends the first mail of each customer, then the first messages by phone. pace is the pause between them.
// Errors: the mail server refused a mail; ctx ended.
func (c *Company) Prologue(ctx context.Context, pace time.Duration) error {
	for _, p := range Personas() {
		if _, err := c.Mail.Customer(p.String()).Send(p.mail()); err != nil {
			return fmt.Errorf("demo: first mail of %s: %w", p.Name, err)
		}
		if !wire.For(ctx, pace) {
			return ctx.Err()
		}
	}
	return c.phonePrologue(ctx, pace)
}

// phonePrologue sends the first messages of the customers who write by phone.
func (c *Company) phonePrologue(ctx context.Context, pace time.Duration) error {
	phones := c.Phones()
	if phones == nil {
		return nil
	}

	for _, p := range Personas() {
		if p.byPhone == nil {
			continue
		}

		if !wire.For(ctx, pace) {
			return ctx.Err()
		}

		p.byPhone(phones.Handset(p.Address, p.Name))
	}

	return nil
}

// homeSettles is the longest time until Parley uses a new setting of where conversations open. Parley polls its
// settings every second.
const homeSettles = 1500 * time.Millisecond

// Greet sends another mail from some of the customers if the surface in which conversations now open (see Home) has no
// thread yet. A visitor who has just switched to it then sees some conversations. pace is the pause between the mails.
// Errors: the mail server refused a mail; ctx ended.
func (c *Company) Greet(ctx context.Context, pace time.Duration) error {
	if c.hasThreadIn(c.Home()) {
		return nil
	}

	wait := homeSettles
	for _, p := range Personas() {
		text := listGreetings()[p.Name]
		if text == "" {
			continue
		}

		if !wire.For(ctx, wait) {
			return ctx.Err()
		}

		subject, _, _ := strings.Cut(text, "\n")
		if _, err := c.Mail.Customer(p.String()).Send(mailfake.Mail{To: []string{HelpAddress}, Subject: subject, Text: text}); err != nil {
			return fmt.Errorf("demo: greeting of %s: %w", p.Name, err)
		}

		wait = pace
	}

	return nil
}

// listGreetings returns the mails of Greet by the customers' names. The first line is also the subject.
func listGreetings() map[string]string {
	return map[string]string{
		"Priya Raman": "Can two of us share one account?\nMy colleague starts on Monday.",
		"Jonas Weber": "Haben Sie am Samstag geöffnet?\nIch würde die Rechnung sonst selbst abholen.",
		"Maria Lopez": "A mug arrived broken, what can I do?\nIt is one of the blue ones.",
	}
}

// hasThreadIn reports whether any customer has a thread in a surface (SurfaceSlack or SurfaceTeams).
func (c *Company) hasThreadIn(surface string) bool {
	if surface == SurfaceTeams {
		return slices.ContainsFunc(c.Teams.Roots(TeamsSupport), func(m *teamsfake.Message) bool { return m.Bot })
	}
	return slices.ContainsFunc(c.Slack.Messages(Support), func(m *slackfake.Message) bool { return m.BotID != "" })
}

// mugPicture is a PNG of 480 × 300 pixels: Maria's mug with the chip at its rim.
//
//go:embed files/mug.png
var mugPicture string

// MugPicture returns the picture of Maria's broken mug, a PNG.
func MugPicture() []byte { return []byte(mugPicture) }

// screenPDF is a PDF of one page, with what Priya saw on her screen.
//
//go:embed files/what-i-see.pdf
var screenPDF string

func byWhatsApp(h *Handset) {
	h.ByWhatsApp().Text("Me again, Dana Cole, order 0977.")
	h.ByWhatsApp().Text("This is what came instead of my money:")
	h.ByWhatsApp().Media("image", graphfake.File{Name: "mug.png", ContentType: "image/png", Content: MugPicture()},
		map[string]any{"caption": "a mug!!"})
}

func byMessenger(h *Handset) {
	h.ByPage().Text("Hi! Are you open on Saturday? I could bring the teapot by.")
}

func withPicture() mailfake.Mail {
	return mailfake.Mail{To: []string{HelpAddress}, Subject: "Order 1042: two mugs arrived chipped",
		Text: `Hello,

my order 1042 came today, thank you! Sadly two of the blue mugs are chipped at the rim.

Item          Ordered  Broken
Mug, blue     6        2
Saucer, blue  6        0

Could you send two new ones? I need them by Friday next week, for a birthday.

Kind regards
Maria Lopez`,
		HTML: `<html><body style="font-family:Georgia,serif;color:#26323a">
<p>Hello,</p>
<p>my order <b>1042</b> came today, thank you! Sadly <b>two of the blue mugs</b> are chipped at the rim:</p>
<p><img src="cid:mug@lopez" alt="A blue mug with a chip at the rim" width="240" height="150"></p>
<table border="1" cellpadding="6" style="border-collapse:collapse;border-color:#c8d0d5">
<tr style="background:#eaf0f4"><th align="left">Item</th><th>Ordered</th><th>Broken</th></tr>
<tr><td>Mug, blue</td><td align="right">6</td><td align="right">2</td></tr>
<tr><td>Saucer, blue</td><td align="right">6</td><td align="right">0</td></tr>
</table>
<p>Could you send two new ones? I need them by <i>Friday next week</i>, for a birthday.</p>
<p>Kind regards<br>Maria Lopez</p></body></html>`,
		Inline: []mailfake.Attachment{{Name: "mug.png", Type: "image/png", ContentID: "mug@lopez", Inline: true, Content: MugPicture()}},
	}
}

func withAttachments() mailfake.Mail {
	return mailfake.Mail{To: []string{HelpAddress}, Subject: "Import stops at row 3",
		Text: `Hi team,

the import of our price list stops at row 3 with "unexpected value". The file and what I see are attached.

Is it the comma in the price? We write 1.299,00 here.

Priya Raman
Northwind Traders`,
		Attachments: []mailfake.Attachment{
			{
				Name:    "price-list.csv",
				Type:    "text/csv",
				Content: []byte("sku;name;price\nNW-001;Tea, green, 500 g;12,90\nNW-002;Teapot \"Asagi\";1.299,00\nNW-003;Strainer;4,50\n"),
			},
			{Name: "what-i-see.pdf", Type: "application/pdf", Content: []byte(screenPDF)},
		},
	}
}

func inGerman() mailfake.Mail {
	return mailfake.Mail{To: []string{HelpAddress}, Subject: "Rechnung für Oktober fehlt",
		Text: `Guten Tag,

für unsere Buchhaltung fehlt noch die Rechnung für Oktober (Kundennummer 20817). Könnten Sie uns die bitte schicken? ` +
			`Größere Eile hat es nicht, Ende nächster Woche genügt.

Mit freundlichen Grüßen
Jonas Weber`}
}

func angryMail() mailfake.Mail {
	return mailfake.Mail{To: []string{HelpAddress}, Subject: "THIRD time I ask!!! Refund for order 0977",
		Text: `This is the THIRD time I write. You promised a refund for order 0977 on the 2nd, and again on the 9th. NOTHING has arrived.

I want my 84.50 back this week or I go to my bank.

Dana Cole
(sent from my phone, in a very bad mood)`}
}

func copiesColleague() mailfake.Mail {
	return mailfake.Mail{To: []string{HelpAddress}, Cc: []string{"Lucía Featherstonehaugh <lucia@featherstonehaugh-and-daughters.test>"},
		Subject: "Moving our whole workshop (forty people, three sites, " +
			"two of them without reliable internet) to your team plan before the end of the quarter",
		Text: `Good morning,

we would like to move all 40 of us to the team plan. Two questions first:

1. Can the sites in Galway and Sligo work offline for a day?
2. Do we get one bill, or one per site?

Lucía, in copy, signs for it.

Tomás`}
}

func newsletterMail() mailfake.Mail {
	return mailfake.Mail{To: []string{HelpAddress}, Subject: "Packaging Weekly 47: is moulded pulp the new bubble wrap?",
		Text: "Moulded pulp is having a moment. Read the test of twelve suppliers.\n\nYou get this because you subscribed. " +
			"Unsubscribe: https://packaging-weekly.test/unsubscribe\n",
		HTML: `<html><body><h1 style="color:#7a4b12">Packaging Weekly</h1><p>Moulded pulp is having a moment. ` +
			`<a href="https://packaging-weekly.test/47">Read the test of twelve suppliers.</a></p><p><small>You get this because you subscribed. ` +
			`<a href="https://packaging-weekly.test/unsubscribe">Unsubscribe</a></small></p></body></html>`,
		Headers: map[string]string{"List-Id": "Packaging Weekly <weekly.packaging-weekly.test>",
			"List-Unsubscribe": "<https://packaging-weekly.test/unsubscribe>", "Precedence": "bulk"},
	}
}
