"""What answers by measuring rather than by describing: one file each. `interfaces.Instrument` says what each must do."""
