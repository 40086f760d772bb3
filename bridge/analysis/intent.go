package analysis

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

// IntentNames returns the names of DefaultIntents. Models' weights stand in this order.
func IntentNames() []string {
	var names []string
	for _, i := range DefaultIntents() {
		names = append(names, i.Name)
	}
	return names
}
