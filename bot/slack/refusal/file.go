package refusal

import (
	"errors"
	"net/http"

	slackapi "github.com/slack-go/slack"

	"parley/channels"
)

// OnlyImages is Slack's error for other files than pictures.
const OnlyImages = "file_uploads_except_images_disabled"

// A FileError says why one file didn't get into Slack, although Slack had a place for it.
type FileError struct {
	Why   string // for people
	Lasts bool   // trying again doesn't help
	Cause error
}

// Error implements error.
func (e *FileError) Error() string { return "slack: file: " + e.Why + ": " + e.Cause.Error() }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Cause }

// Unreadable makes the error of a file that Parley can't read.
func Unreadable(err error) error {
	if channels.ClassOf(err) == channels.BadContent {
		return &FileError{Why: "not there any more", Lasts: true, Cause: err}
	}
	return &FileError{Why: "Parley can't read it", Cause: err}
}

// NotUploaded makes the error of a file whose upload failed. What forbids it may also be something between us and Slack.
func NotUploaded(err error) error {
	status, ok := errors.AsType[slackapi.StatusCodeError](err)
	if !ok {
		return &FileError{Why: "its upload fails", Cause: err}
	}
	isForbidden := status.Code >= http.StatusBadRequest && status.Code < http.StatusInternalServerError
	mayPass := status.Code == http.StatusRequestTimeout || status.Code == http.StatusTooManyRequests
	return &FileError{Why: "its upload is answered with " + status.Status, Lasts: isForbidden && !mayPass, Cause: err}
}

// WhyNoFile returns the reason why Slack doesn't get a file, or "" if trying again may help. Where it doesn't help, it would only
// hold back the posts behind this one. isLate means that it was tried for so long that any reason counts as lasting.
func WhyNoFile(err error, isLate bool) string {
	if f, ok := errors.AsType[*FileError](err); ok && (f.Lasts || isLate) {
		return f.Why
	}

	switch CodeOf(err) {
	case "file_uploads_disabled":
		return "file uploads are switched off in Slack"
	case "storage_limit_reached":
		return "the Slack workspace's file storage is full"
	case "file_type_not_allowed":
		return "files of this kind are not allowed in Slack"
	case OnlyImages:
		return "only pictures are allowed in Slack"
	case "file_upload_size_restricted":
		return "larger than the Slack workspace allows"
	}
	return ""
}

// WhyNoFiles returns the reason why a workspace doesn't take several files if that lies in one of them, which Slack doesn't
// name, or "" if it doesn't lie in the files.
func WhyNoFiles(err error) string {
	switch CodeOf(err) {
	case "file_type_not_allowed", OnlyImages:
		return "not shown: Slack allows no files of one of these kinds"
	case "file_upload_size_restricted":
		return "not shown: one of these is larger than the Slack workspace allows"
	}
	return ""
}
