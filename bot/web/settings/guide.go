package settings

import "parley/bridge/setup"

// guide describes how an account of one kind, such as WhatsApp at Meta, is added: what an admin must first set up at the
// provider, and which fields the form has. Fields are named as in the account's section of parley.yaml. For example,
// "phone_number_id" of section "whatsapp" is whatsapp.phone_number_id.
type guide struct {
	kind     string
	title    string
	whatsapp bool
	name     string // the proposed name of the first account
	section  string
	Provider string
	Needs    []need
	fields   []string // the form's fields, in this order
	optional []string // the fields of a collapsed group, which few accounts need
	Page     string   // the page of the documentation
	IsOwn    bool     // a system of the company's own, which is added like other accounts
}

// need is something that an admin must have before adding an account, with a link to the provider's page for it.
type need struct{ Text, Link, LinkText string }

// listGuides returns the guides of all kinds of accounts on these pages.
func listGuides() []guide {
	return []guide{whatsappAtMeta(), whatsappAtTwilio(), textMessages(), messenger(), ownSystem()}
}

func whatsappAtMeta() guide {
	return guide{
		kind:     "whatsapp",
		title:    "Add a WhatsApp number at Meta",
		whatsapp: true,
		name:     "whatsapp",
		section:  "whatsapp",
		Provider: "Meta",
		Page:     "whatsapp.md",
		Needs: []need{
			metaPortfolio(),
			{
				Text:     "A phone number that can receive a text message or a call for its verification, and is not used in the WhatsApp app.",
				Link:     "https://business.facebook.com/wa/manage/phone-numbers/",
				LinkText: "WhatsApp Manager",
			},
			{
				Text:     "An app of that portfolio with WhatsApp added to it: WhatsApp, API Setup shows the ids.",
				Link:     "https://developers.facebook.com/apps",
				LinkText: "Apps",
			},
			{
				Text: "A system user who has the app and the WhatsApp account, and a token of his that never expires, " +
					"with whatsapp_business_messaging and whatsapp_business_management.",
				Link:     "https://business.facebook.com/settings/system-users",
				LinkText: "System users",
			},
		},
		fields:   []string{"token", "phone_number_id", "waba_id", "app_secret"},
		optional: []string{"verify_token"},
	}
}

func whatsappAtTwilio() guide {
	return guide{
		kind:     "twilio_whatsapp",
		title:    "Add a WhatsApp number at Twilio",
		whatsapp: true,
		name:     "whatsapp",
		section:  "twilio",
		Provider: "Twilio",
		Page:     "twilio.md",
		Needs: []need{
			{
				Text: "A business portfolio at Meta (Meta Business account), of which you are an admin; the registration below can also make one. " +
					"Until Meta has verified it, few customers a day can be written to first.",
				Link:     "https://business.facebook.com/settings",
				LinkText: "Business settings",
			},
			twilioAccount(),
			{
				Text:     "That account is no longer a trial account: trial accounts can register no sender.",
				Link:     "https://console.twilio.com/us1/billing",
				LinkText: "Billing",
			},
			{
				Text: "A number that isn't registered with WhatsApp yet: one of Twilio's, or another one that receives text messages or calls, " +
					"without a menu or a machine that answers.",
				Link:     "https://console.twilio.com/us1/develop/phone-numbers/manage/incoming",
				LinkText: "Active numbers",
			},
			{
				Text: "That number as a WhatsApp sender. In the Console, under Messaging, Senders, WhatsApp senders, press Create new sender, " +
					"choose the number, and Continue with Facebook. In Meta's window sign in, choose your portfolio and its WhatsApp Business Account " +
					"(the same for all senders of your Twilio account), give the name that customers see, " +
					"and type the code that Meta sends to the number. " +
					"When the list calls the sender Online, it works. " +
					"Meta looks at the name afterwards, and bounds what a number may send whose name it refuses.",
				Link:     "https://console.twilio.com/us1/develop/sms/senders/whatsapp-senders",
				LinkText: "WhatsApp senders",
			},
		},
		fields:   []string{"account_sid", "auth_token", "from"},
		optional: []string{"messaging_service_sid"},
	}
}

func textMessages() guide {
	return guide{
		kind:     "sms",
		title:    "Add a number for text messages",
		name:     "sms",
		section:  "twilio",
		Provider: "Twilio",
		Page:     "twilio.md",
		Needs: []need{
			twilioAccount(),
			{
				Text: "A number with SMS. Numbers in the US also have to be registered (A2P 10DLC, or toll-free verification) " +
					"before carriers let messages through.",
				Link:     "https://console.twilio.com/us1/develop/phone-numbers/manage/incoming",
				LinkText: "Active numbers",
			},
		},
		fields:   []string{"account_sid", "auth_token", "from", "mms"},
		optional: []string{"messaging_service_sid"},
	}
}

func messenger() guide {
	return guide{
		kind:     "messenger",
		title:    "Add a Page of Messenger",
		name:     "page",
		section:  "messenger",
		Provider: "Meta",
		Page:     "messenger.md",
		Needs: []need{
			metaPortfolio(),
			{
				Text:     "A Facebook Page of that portfolio, of which you are an admin.",
				Link:     "https://business.facebook.com/settings/pages",
				LinkText: "Pages",
			},
			{
				Text: "An app of the portfolio with Messenger added to it. " +
					"Until Meta has reviewed it, only people with a role in the app can write.",
				Link:     "https://developers.facebook.com/apps",
				LinkText: "Apps",
			},
			{
				Text: "The Page's own token, made from the token of a system user that never expires, " +
					"with pages_messaging, pages_manage_metadata and pages_read_engagement.",
				Link:     "https://business.facebook.com/settings/system-users",
				LinkText: "System users",
			},
		},
		fields:   []string{"page_id", "token", "app_secret"},
		optional: []string{"verify_token"},
	}
}

func ownSystem() guide {
	return guide{kind: "http", section: "http", Provider: "your system", Page: "http-channel.md", IsOwn: true}
}

func metaPortfolio() need {
	return need{
		Text:     "A business portfolio at Meta (Meta Business account), verified by Meta.",
		Link:     "https://business.facebook.com/settings",
		LinkText: "Business settings",
	}
}

func twilioAccount() need {
	return need{
		Text:     "An account at Twilio: its Account SID and primary Auth Token stand in the Console under Account Info.",
		Link:     "https://console.twilio.com",
		LinkText: "Twilio Console",
	}
}

// guideOf returns the guide of a kind, or nil if these pages don't support it.
func guideOf(kind string) *guide {
	for _, g := range listGuides() {
		if g.kind == kind {
			return &g
		}
	}
	return nil
}

// pickFields returns the fields with these names, in this order. all are the fields of the kind.
func (g *guide) pickFields(all []setup.Field, names []string) (list []setup.Field) {
	for _, name := range names {
		for _, f := range all {
			if f.Path == g.section+"."+name {
				list = append(list, f)
			}
		}
	}
	return list
}
