package cli

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
)

func (at *place) addWith(cmd *cobra.Command) {
	cmd.Flags().StringVar(&at.with, "with", "", "JSON file with a change of the realm, a part of a realm file: tell what would be after it")
}

// suppose is a realm as it would be after the change of --with; nil without one.
func (at *place) suppose(r *realm.Realm, extras manage.Extras) (*realm.Realm, error) {
	if at.with == "" {
		return nil, nil
	}
	data, err := os.ReadFile(at.with)
	if err != nil {
		return nil, err
	}
	c, err := manage.ReadChange(data)
	if err != nil {
		return nil, at.blameChange(err)
	}
	after, err := manage.Suppose(r, c, extras, audit.Author{Now: time.Now(), NewID: uuid.NewString})
	return after, at.blameChange(err)
}

// blameChange says what is wrong with the file of a change, and where.
func (at *place) blameChange(err error) error {
	if invalid, ok := errors.AsType[*fault.Invalid](err); ok {
		return usagef("%s: %s: %s", at.with, invalid.Field, invalid.Message)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", at.with, err)
	}
	return nil
}
