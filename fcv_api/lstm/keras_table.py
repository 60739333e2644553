"""Every name that Keras 2 and Keras 3.0 to 3.15 write into a saved model for what is data: layers, parts, operations.

A test compares these lists with `tests/fixtures/keras_names.json`, which `tests/lstm/keras_exports.py` writes from the
sources of those versions, and with the installed ones. What is left out, and why, stands in `keras_names.py`.
"""

from __future__ import annotations

LAYERS = frozenset(
    """
    AbstractRNNCell Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D
    AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add AdditiveAttention
    AlphaDropout Attention AugMix AutoContrast Average AveragePooling1D AveragePooling2D AveragePooling3D
    BaseDenseAttention BaseRandomLayer BatchNormalization Bidirectional CategoryEncoding CenterCrop Concatenate
    ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose
    ConvLSTM1D ConvLSTM2D ConvLSTM3D Cropping1D Cropping2D Cropping3D CuDNNGRU CuDNNLSTM CutMix Dense DepthwiseConv1D
    DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense Embedding Equalization Flatten GRU GRUCell
    GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention
    GroupedQueryAttention HashedCrossing Hashing Identity InputLayer InputSpec LSTM LSTMCell LayerNormalization
    LeakyReLU LocallyConnected1D LocallyConnected2D Masking MaxNumBoundingBoxes MaxPooling1D MaxPooling2D MaxPooling3D
    Maximum MelSpectrogram Minimum MixUp MultiHeadAttention Multiply Normalization PReLU Permute Pipeline
    RMSNormalization RNN RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast
    RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHeight
    RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness
    RandomShear RandomTranslation RandomWidth RandomZoom ReLU RepeatVector Rescaling Reshape Resizing
    ReversibleEmbedding STFTSpectrogram SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell Softmax Solarization
    SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells Subtract ThresholdedReLU
    TimeDistributed UnitNormalization UpSampling1D UpSampling2D UpSampling3D Wrapper ZeroPadding1D ZeroPadding2D
    ZeroPadding3D
    """.split()  # noqa: SIM905 - a list of lines is easier to read
)

PARTS = frozenset(
    """
    Constant Constraint GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer Initializer L1 L1L2
    L2 LecunNormal LecunUniform MaxNorm MinMaxNorm NonNeg Ones Orthogonal OrthogonalInitializer OrthogonalRegularizer
    RadialConstraint RandomNormal RandomUniform Regularizer STFT TruncatedNormal UnitNorm VarianceScaling Zeros
    he_normal he_uniform lecun_normal lecun_uniform
    """.split()  # noqa: SIM905 - a list of lines is easier to read
)

FUNCTIONS = frozenset(
    """
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_tanh leaky_relu linear log_sigmoid
    log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid
    sparsemax squareplus swish tanh tanh_shrink threshold
    """.split()  # noqa: SIM905 - a list of lines is easier to read
)

OPERATIONS = frozenset(
    """
    Absolute AdaptiveAveragePool AdaptiveMaxPool Add AffineTransform All AllClose Amax Amin Angle Any Append Arange
    Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh Argmax Argmin Argpartition Argsort Array ArraySplit Average
    AveragePool Bartlett BatchNorm BinaryCrossentropy Bincount BitwiseAnd BitwiseInvert BitwiseLeftShift BitwiseNot
    BitwiseOr BitwiseRightShift BitwiseXor Blackman BroadcastTo CDist CTCDecode CTCLoss Cast CategoricalCrossentropy
    Cbrt Ceil Celu Cholesky CholeskyInverse Clip Concatenate Conjugate Conv ConvTranspose ConvertToTensor Copy
    Corrcoef Correlate Cos Cosh CountNonzero CropImages Cross CtcLoss Cumprod Cumsum Deg2rad DepthToSpace
    DepthwiseConv Det Diag Diagflat Diagonal Diff Digitize Divide DivideNoNan Dot DotProductAttention Dsplit Dstack
    Eig Eigh Einsum ElasticTransform Elu Empty EmptyLike Equal Erf Erfc Erfinv Exp Exp2 ExpandDims Expm1
    ExtractPatches ExtractPatches3D ExtractSequences Eye FFT FFT2 Fabs Flip Fliplr Flipud Floor FloorDivide Fmax Fmin
    Fmod Fold Full FullLike GaussianBlur Gcd Gelu Geomspace GetItem Glu Greater GreaterEqual HSVToRGB Hamming Hanning
    HardShrink HardSigmoid HardSilu HardTanh Heaviside Histogram Hsplit Hstack Hypot I0 IFFT2 IRFFT ISTFT Identity
    Imag InTopK Inner Inv IsIn Isclose Isfinite Isinf Isnan Isneginf Isposinf Isreal Kaiser Kron LayerNorm Lcm Ldexp
    LeakyRelu LeftShift Less LessEqual Linspace Log Log10 Log1p Log2 LogSigmoid LogSoftmax Logaddexp Logaddexp2 Logdet
    LogicalAnd LogicalNot LogicalOr LogicalXor Logspace Logsumexp Lstsq LuFactor MapCoordinates Matmul MatrixRank Max
    MaxPool Maximum Mean Median Meshgrid Min Minimum Mod Moments Moveaxis MultiHot Multiply NanToNum Nanargmax
    Nanargmin Nancumprod Nancumsum Nanmax Nanmean Nanmedian Nanmin Nanpercentile Nanprod Nanquantile Nanstd Nansum
    Nanvar Ndim Negative Nextafter Nonzero Norm Normalize NotEqual OneHot Ones OnesLike Outer PSNR Pad PadImages
    Percentile PerspectiveTransform Pinv Polar Power Prod Ptp Qr Quantile RFFT RGBToGrayscale RGBToHSV RMSNorm Rad2deg
    Ravel Real Rearrange Reciprocal Relu Relu6 Repeat Reshape Resize RightShift Roll Rot90 Round Rsqrt SSIM STFT SVD
    SaturateCast ScaleAndTranslate Scatter ScatterUpdate SearchSorted SegmentMax SegmentReduction SegmentSum Select
    Selu SeparableConv Sigmoid Sign Signbit Silu Sin Sinc Sinh Size Slice SliceUpdate Slogdet SobelEdges SoftShrink
    Softmax Softplus Softsign Solve SolveTriangular Sort SpaceToDepth SparseCategoricalCrossentropy SparsePlus
    SparseSigmoid Sparsemax Split Sqrt Square Squareplus Squeeze Stack Std StopGradient Subtract Sum Swapaxes Take
    TakeAlongAxis Tan Tanh TanhShrink Tensordot Threshold Tile TopK Trace Transpose Trapezoid Tri Tril Triu TrueDivide
    Trunc Unfold Unique UnravelIndex Unstack Vander Var Vdot View ViewAsComplex ViewAsReal Vsplit Vstack Where Zeros
    ZerosLike
    """.split()  # noqa: SIM905 - a list of lines is easier to read
)

# Functions of TensorFlow that compute from their arguments and do nothing else. Layers of Keras 2 call them by name.
TENSORFLOW = frozenset(
    """
    __operators__.add __operators__.eq __operators__.getitem __operators__.ne broadcast_to cast clip_by_value concat
    convert_to_tensor einsum expand_dims fill gather gather_nd identity linalg.l2_normalize linalg.matmul math.abs
    math.add math.add_n math.argmax math.ceil math.cos math.cumsum math.divide math.divide_no_nan math.equal math.erf
    math.exp math.expm1 math.floor math.greater math.greater_equal math.is_finite math.is_nan math.l2_normalize
    math.less math.less_equal math.log math.log1p math.log_sigmoid math.logical_and math.logical_not math.logical_or
    math.maximum math.minimum math.multiply math.multiply_no_nan math.negative math.not_equal math.pow math.reciprocal
    math.reduce_all math.reduce_any math.reduce_logsumexp math.reduce_max math.reduce_mean math.reduce_min
    math.reduce_prod math.reduce_std math.reduce_sum math.reduce_variance math.round math.rsqrt math.scalar_mul
    math.sigmoid math.sign math.sin math.softmax math.softplus math.softsign math.sqrt math.square
    math.squared_difference math.subtract math.tan math.tanh math.truediv math.unsorted_segment_sum nn.avg_pool1d
    nn.bias_add nn.conv1d nn.elu nn.gelu nn.l2_normalize nn.leaky_relu nn.log_softmax nn.max_pool1d nn.moments nn.relu
    nn.relu6 nn.selu nn.sigmoid nn.silu nn.softmax nn.softplus nn.softsign nn.swish nn.tanh one_hot ones_like pad
    range rank repeat reshape reverse roll shape size slice split squeeze stack stop_gradient strided_slice tensordot
    tile transpose unstack where zeros_like
    """.split()  # noqa: SIM905 - a list of lines is easier to read
)
