package mailfake

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"time"
)

// This file sends delivery status notifications (RFC 3464), also called bounces: mails that tell the sender that a mail
// failed or is delayed. They have three parts:
//
//	text/plain                Your message could not be delivered to <ann@customer.test>.
//	message/delivery-status   Action: failed, Status: 5.1.1, …
//	message/rfc822            the mail itself

// reportLocked sends a notification about recipient to the sender of a mail. The notification has an empty envelope
// sender, and mails without a sender get no notification, so there are no bounces of bounces.
func (o *office) reportLocked(sender, recipient string, rule RecipientRule, raw []byte) {
	if sender == "" || o.boxes.findLocked(sender) == nil {
		return
	}
	report, err := o.composeReportLocked(sender, recipient, rule, raw)
	if err != nil {
		o.log.Error("mail emulator could not write a delivery report", "error", err)
		return
	}
	o.storeLocked(envelope{raw: report}, sender)
}

func (o *office) composeReportLocked(sender, recipient string, rule RecipientRule, raw []byte) ([]byte, error) {
	subject := "Delivery Status Notification (Failure)"
	action := "failed"
	explanation := "Your message could not be delivered to"
	if rule.Policy == PolicyDelayed {
		subject = "Delivery Status Notification (Delay)"
		action = "delayed"
		explanation = "We still try to deliver your message to"
	}

	id := o.newMessageIDLocked(o.opts.Domain)
	now := o.clock().Format(time.RFC1123Z)
	diagnostic := fmt.Sprintf("%d %s %s", rule.Code, rule.Enhanced, rule.Text)
	status := fmt.Sprintf("Reporting-MTA: dns; %s\r\nArrival-Date: %s\r\n\r\n"+
		"Original-Recipient: rfc822; %s\r\nFinal-Recipient: rfc822; %s\r\nAction: %s\r\nStatus: %s\r\n"+
		"Remote-MTA: dns; mx.%s\r\nDiagnostic-Code: smtp; %s\r\n",
		o.opts.Domain, now, recipient, recipient, action, rule.Enhanced, domainOf(recipient), diagnostic)

	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if err := w.SetBoundary(fmt.Sprintf("report-%d", o.counter)); err != nil {
		return nil, err
	}

	for _, p := range []struct{ mediaType, body string }{
		{"text/plain; charset=utf-8", fmt.Sprintf("%s <%s>.\r\n\r\n%s\r\n", explanation, recipient, diagnostic)},
		{"message/delivery-status", status},
		{"message/rfc822", string(raw)},
	} {
		pw, err := w.CreatePart(textproto.MIMEHeader{"Content-Type": {p.mediaType}})
		if err == nil {
			_, err = pw.Write([]byte(p.body))
		}
		if err != nil {
			return nil, err
		}
	}

	if err := w.Close(); err != nil {
		return nil, err
	}

	var out bytes.Buffer
	for _, f := range [][2]string{
		{"From", "Mail Delivery Subsystem <mailer-daemon@" + o.opts.Domain + ">"}, {"To", sender}, {"Subject", subject},
		{"Date", now}, {"Message-ID", id}, {"In-Reply-To", parseReceived(raw).MessageID}, {"Auto-Submitted", "auto-replied"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "multipart/report; report-type=delivery-status; boundary=\"" + w.Boundary() + "\""},
	} {
		writeField(&out, f[0], f[1])
	}

	out.WriteString("\r\n")
	out.Write(body.Bytes())
	return out.Bytes(), nil
}
