//go:build !linux

package broadcast

import "errors"

func (c Case) turn(bool, string) (Turn, error) { return Turn{}, errors.ErrUnsupported }
