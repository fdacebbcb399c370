// Nothing: that there is this file allows functions without a body.
