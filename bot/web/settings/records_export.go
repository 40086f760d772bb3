package settings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"parley/bot/web"
	"parley/bridge"
)

// makeTimeout is the time limit for making an export, which may have gigabytes.
const makeTimeout = 30 * time.Minute

// exportContact sends all data of a customer as a zip file. It first writes the complete zip to disk, so that an error
// can't truncate the download and memory use is bounded. Only one export runs at a time, so that disk use is bounded,
// too; during it, other requests get status 503.
func (p recordsPages) exportContact(v *web.Visit) error {
	c, err := p.requestedContact(v)
	if err != nil {
		return refuseUnknown(v, err)
	}

	select {
	case p.exporting <- struct{}{}:
		defer func() { <-p.exporting }()
	default:
		v.Writer.Header().Set("Retry-After", "300")
		return v.Refuse(http.StatusServiceUnavailable, "Another export is under way.", "There is one at a time. Try again later.")
	}

	file, err := p.makeExport(v.Context(), v.Person, c.ID)
	if problem, ok := errors.AsType[*bridge.Problem](err); ok {
		return v.Refuse(http.StatusForbidden, problem.Text, problem.Hint)
	}
	if err != nil {
		return err
	}

	defer func() { _ = file.Close() }()
	return sendZip(v, fmt.Sprintf("contact-%d.zip", c.ID), file)
}

// makeExport writes a customer's zip to a temporary file without a name: no other process can open it, and it is deleted
// when it is closed. It returns the errors of Desk.ExportContact.
func (p recordsPages) makeExport(ctx context.Context, by web.Person, id bridge.ContactID) (*os.File, error) {
	file, err := os.CreateTemp("", "parley-export-*") // mode 0600
	if err != nil {
		return nil, err
	}

	ctx, cancel := context.WithTimeout(ctx, makeTimeout)
	defer cancel()
	err = os.Remove(file.Name()) // now, so that no data is left behind even if this process crashes
	if err == nil {
		err = p.desk.ExportContact(ctx, by, id, file)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}

	return file, nil
}

// sendZip sends a file that has just been written, from its beginning.
func sendZip(v *web.Visit, name string, file *os.File) error {
	size, err := file.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}

	setDownload(v, "application/zip", name)
	v.Writer.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	v.GiveTime() // to send it to a slow browser

	if _, err := io.Copy(v.Writer, file); err != nil {
		return web.BrokenOff(err)
	}

	return nil
}
