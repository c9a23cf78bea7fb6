/** A training job's input channel with all objects below a prefix, in the words of SageMaker. */
export function channel(name: string, uri: string): object {
  return {
    ChannelName: name,
    DataSource: {
      S3DataSource: {
        S3DataType: 'S3Prefix',
        S3Uri: uri,
        S3DataDistributionType: 'FullyReplicated',
      },
    },
  };
}
