package twilio

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"parley/channels"
)

// Limits of Twilio.
const (
	maxBody      = 1600           // characters in the text of a message
	maxCaption   = 1024           // characters in the caption of a WhatsApp image or video
	maxButtons   = 3              // buttons of a WhatsApp message inside the reply window
	maxRows      = 10             // rows of a WhatsApp list
	replyWindow  = 24 * time.Hour // how long after a customer's message WhatsApp accepts free text, not only templates
	whatsappRate = 80             // messages a second, Twilio's default for a WhatsApp sender
)

// Our own timeouts, and the defaults of Options.
const (
	requestTimeout = 30 * time.Second
	retryFor       = 24 * time.Hour // how long a message that fails with class Retry is retried

	defaultPoll   = 5 * time.Minute
	defaultSettle = 30 * time.Second
	defaultWatch  = 15 * time.Minute
)

// Limits of files, in bytes.
// Source: Twilio's WhatsApp and MMS pages on media.
const (
	maxImage       = 5 << 20   // an image, by WhatsApp or MMS
	maxWhatsApp    = 16 << 20  // any other file by WhatsApp
	maxMMS         = 5 << 20   // all files of one MMS together
	maxCarrierFile = 500 << 10 // any other file by MMS: Twilio only shrinks images, and carriers refuse larger files
	maxMMSFiles    = 10        // a number of files
)

// Channel sends and receives the messages of one number at Twilio. It has everything that WhatsApp and SMS have in common; the types
// WhatsApp and SMS embed it and add the interfaces that only one of them implements.
//
// An incoming message takes this path: Twilio calls the webhook, which verifies the call and stores it unchanged as a fact. Later the
// reader decodes the fact. Run polls Twilio's list of messages for calls that were lost, and stores these as facts, too.
type Channel struct {
	number    *ownNumber
	env       channels.Env
	opts      Options
	log       *slog.Logger
	beginsAt  time.Time // when the account was set up; zero if that isn't known
	api       *client
	catalogue catalogue     // the message templates at Twilio
	callbacks *callbacks    // makes callback addresses, and verifies calls to them
	hook      *webhook      // stores verified calls as facts
	reader    *reader       // decodes stored facts
	sent      *sentMessages // the messages that this process has sent

	// Tests replace these.
	maxKept     int // defaultMaxKept
	maxStatuses int // defaultMaxStatuses
	pauseFor    func(context.Context, time.Duration) bool
}

// WhatsApp is a WhatsApp sender at Twilio. WhatsAppSpec makes it.
type WhatsApp struct{ *Channel }

// SMS is a number for text messages. SMSSpec makes it.
type SMS struct{ *Channel }

var (
	_ channels.Channel   = (*Channel)(nil)
	_ channels.Runner    = (*Channel)(nil)
	_ channels.Webhook   = (*Channel)(nil)
	_ channels.Checker   = (*Channel)(nil)
	_ channels.Fetcher   = (*Channel)(nil)
	_ channels.Starter   = (*Channel)(nil)
	_ channels.Measurer  = (*Channel)(nil)
	_ channels.Templater = (*WhatsApp)(nil)
	_ channels.Attendant = (*WhatsApp)(nil)
	_ channels.Counter   = (*SMS)(nil)
)

// Decode implements channels.Channel.
// Errors: raw is not a payload of this channel.
func (c *Channel) Decode(raw []byte) ([]channels.Inbound, error) { return c.reader.decode(raw) }

// ServeHTTP implements channels.Webhook.
func (c *Channel) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.hook.ServeHTTP(w, r) }

// Fetch implements channels.Fetcher.
func (c *Channel) Fetch(ctx context.Context, ref string) (channels.Fetched, error) {
	return c.api.fetchFile(ctx, ref)
}

// Capabilities implements channels.Channel.
// Source: Twilio's WhatsApp and MMS pages on media, and Content types.
func (c *Channel) Capabilities() channels.Capabilities {
	caps := channels.Capabilities{
		Receipts:     channels.Receipts{Delivered: channels.Full},
		Reactions:    channels.Partial,
		MaxTextRunes: maxBody,
		Sending:      channels.Sending{RetryFor: retryFor, Timeout: requestTimeout},
		Hold:         channels.HoldChat,
	}

	if c.number.whatsapp {
		addWhatsApp(&caps)
	} else {
		caps.Start = channels.StartFree
	}
	if c.number.mms {
		caps.Files = mmsFiles()
	}

	// Twilio fetches the files that we send from our public address.
	if c.callbacks.address == "" && caps.Files.PerMessage > 0 {
		caps.Files.PerMessage = 0
		caps.Files.Unavailable = "Files can't be sent: Twilio fetches them from Parley, which has no public address (PARLEY_PUBLIC_URL)."
	}

	return caps
}

// addWhatsApp adds the capabilities of a WhatsApp sender.
func addWhatsApp(caps *channels.Capabilities) {
	caps.RichText = channels.Partial
	caps.Receipts.Read = channels.Full
	caps.Window.Free = replyWindow
	caps.Start = channels.StartTemplate
	caps.Templates = true
	caps.Rich.Location = channels.Full
	caps.Rich.Buttons = maxButtons
	caps.Rich.LinksAlone = maxLinks
	caps.Rich.ListRows = maxRows
	caps.Sending.Rate = whatsappRate
	caps.Files = channels.FileRules{
		PerMessage: 1,
		Captions:   channels.Partial,
		MaxBytes:   maxWhatsApp,
		Types:      whatsAppTypes(),
		Limits: channels.FileLimits{
			channels.FileImage:    maxImage,
			channels.FileVideo:    maxWhatsApp,
			channels.FileAudio:    maxWhatsApp,
			channels.FileDocument: maxWhatsApp,
		},
	}
}

// mmsFiles returns the file rules of a number that sends MMS.
func mmsFiles() channels.FileRules {
	return channels.FileRules{
		PerMessage: maxMMSFiles,
		Captions:   channels.Full,
		MaxBytes:   maxMMS,
		Types:      mmsTypes(),
		Limits: channels.FileLimits{
			channels.FileImage:    maxImage,
			channels.FileVideo:    maxCarrierFile,
			channels.FileAudio:    maxCarrierFile,
			channels.FileDocument: maxCarrierFile,
		},
	}
}

// Recipient implements channels.Starter. A number without a country code gets that of our own number.
func (c *Channel) Recipient(typed string) (channels.Party, error) {
	return readNumber(typed, c.number.from, c.number.whatsapp)
}
