"""Who may go when: the request pool, priorities, rates and batches."""
