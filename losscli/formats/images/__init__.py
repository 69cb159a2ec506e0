"""Images whose pixels are numbers: masks, labels and depths, not photographs."""
